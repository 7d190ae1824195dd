import { type ProcessRef, sameProcess } from "../../proc/pid.ts";
import { isGroup } from "../../proc/polling.ts";
import { monotonicMs } from "../clock.ts";
import type { ProgramSettings } from "../config/settings.ts";
import type { Host } from "../program/host.ts";
import type { Found } from "../program/identify.ts";
import { ageMs } from "../../proc/uptime.ts";
import type { ProgramRecord } from "../program/record.ts";
import { endOwnGroup } from "../program/stop.ts";

/** A start that somebody else began is looked at so often, in ms. */
const UNFINISHED_LOOK_MS = 250;

/**
 * What an earlier process of a program leaves behind: a wrapper, which would be doubled by the next
 * start; workers, which hold its port and look like the program; or a start that was broken off.
 */
export class Remains {
  readonly #host: Host;
  readonly #signal: () => AbortSignal;
  /** Who may have led the process group: the program itself, or what was launched to become it. */
  #leaders: readonly ProcessRef[] = [];
  /** When their end was noted, on our clock. */
  #since = 0;

  constructor(host: Host, signal: () => AbortSignal) {
    this.#host = host;
    this.#signal = signal;
  }

  /** True between the death of a process and the end of what it left. */
  get isNoted(): boolean {
    return this.#leaders.length > 0;
  }

  /** This process of the program has died. */
  note(process: ProcessRef, record: ProgramRecord | undefined): void {
    this.#since = monotonicMs();
    // The record may be that of a process which somebody else has started meanwhile.
    const launched = sameProcess(record?.process, process) ? record?.launched : undefined;
    const isOne = launched === undefined || sameProcess(launched, process);
    this.#leaders = isOne ? [process] : [process, launched];
  }

  /** Ends what is left in the groups. Yields how many processes that were. */
  async end(termToKillMs: number): Promise<number> {
    const leaders = this.#leaders.filter(({ pid }) => isGroup(pid));
    this.#leaders = [];
    if (leaders.length === 0) return 0;
    const options = { isSession: true, signal: this.#signal(), since: this.#since };
    const counts = await Promise.all(
      leaders.map(async (one) => await endOwnGroup(one, termToKillMs, this.#host, options)),
    );
    return counts.reduce((sum, one) => sum + one, 0);
  }

  /**
   * Somebody was killed in the start window of the program, and what he launched did not match
   * yet: it goes on being judged. Yields for how long, in ms; after that, it is ended.
   */
  async judgeUnfinished(
    { successMs, termToKillMs }: Pick<ProgramSettings, "successMs" | "termToKillMs">,
    record: ProgramRecord | undefined,
    found: Found,
  ): Promise<number> {
    const host = this.#host;
    if (found.kind === "running" || record?.phase !== "starting") return 0;
    const { launched } = record;
    if (launched === undefined || !sameProcess(host.proc.alive(launched.pid), launched)) return 0;
    const left = successMs - ageMs(launched.startTime, host.proc.uptime());
    if (left > 0) return Math.min(left, UNFINISHED_LOOK_MS);
    await endOwnGroup(launched, termToKillMs, host, { isSession: true, signal: this.#signal() });
    return 0;
  }
}
