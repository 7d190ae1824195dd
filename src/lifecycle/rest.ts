import { type ProcessRef, sameProcess } from "../../proc/pid.ts";
import type { ProcessHandle } from "../../proc/system/process-handle.ts";
import type { StopSettings } from "../config/settings.ts";
import { monotonicMs, sleep } from "../lib/clock.ts";
import { Descendants } from "./descendants.ts";
import { endAll } from "./end-all.ts";
import { type EndGroupOptions, endGroups, groupMembers, signalGroups } from "./end-groups.ts";
import type { LifecyclePorts } from "./ports.ts";
import { signalOne, signalWaking } from "./signal-one.ts";
import type { OwnGroup, StopPlan, StopSteps, Target } from "./stop-plan.ts";

/** What is a program's besides its process: the groups of its plan and, with stop_descendants, what has left them. */
export class Rest {
  readonly #groups: readonly OwnGroup[];
  readonly #host: LifecyclePorts;
  readonly #descendants: Descendants | undefined;

  /** To be made before the first signal. */
  constructor(
    target: Target,
    { groups }: Pick<StopPlan, "groups">,
    { stopDescendants }: Pick<StopSettings, "stopDescendants">,
    host: LifecyclePorts,
  ) {
    this.#groups = groups;
    this.#host = host;
    if (stopDescendants === true) this.#descendants = new Descendants(target, groups, host);
  }

  /** Signals the process and the rest at once. False where the process is no longer there. */
  async signalWith(watch: ProcessHandle, signal: NodeJS.Signals): Promise<boolean> {
    const told = await signalGroups(this.#groups, signal, this.#host);
    for (const { ref } of this.#descendants?.look() ?? []) signalOne(ref, signal, this.#host);
    if (!told.some((ref) => sameProcess(ref, watch.ref))) return signalWaking(watch, signal);
    return signal === "SIGKILL" || watch.signal("SIGCONT");
  }

  /** Waits until nothing of it lives, for `ms` at most. */
  async untilGone(ms: number, signal: AbortSignal | undefined): Promise<void> {
    const end = monotonicMs() + ms;
    for (let pauseMs = 2; ; pauseMs = Math.min(100, pauseMs * 2)) {
      const left = end - monotonicMs();
      if (left <= 0 || (await this.#isGone())) return;
      await sleep(Math.min(pauseMs, left), signal);
    }
  }

  /** Ends it. Yields how many processes that were. */
  async end(steps: StopSteps, options: Pick<EndGroupOptions, "signal" | "since">): Promise<number> {
    const descendants = this.#descendants;
    const [count, strays] = await Promise.all([
      endGroups(this.#groups, steps, this.#host, options),
      descendants && endAll(() => descendants.look(), steps, this.#host, options.signal),
    ]);
    return count + (strays?.length ?? 0);
  }

  async #isGone(): Promise<boolean> {
    if ((this.#descendants?.look() ?? []).length > 0) return false;
    const members: readonly ProcessRef[] = await groupMembers(this.#groups, this.#host);
    return members.length === 0;
  }
}
