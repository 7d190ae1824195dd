import type { ProcessRef } from "../../proc/pid.ts";
import type { ProgramSettings } from "../config/settings.ts";
import { ExitCode } from "../exit-code.ts";
import { lastWords } from "../launch/output.ts";
import { monotonicMs } from "../lib/clock.ts";
import type { ProgramRecord } from "../state/record.ts";
import { windowLeftMs } from "../state/start-window.ts";
import { endLeftOvers } from "./end-launch.ts";
import type { LifecyclePorts } from "./ports.ts";
import { Readiness } from "./readiness.ts";
import type { StartFailure } from "./start-outcome.ts";
import { stop } from "./stop.ts";

/**
 * What somebody else has started, who was killed or left while it was not ready yet: it is waited for until the window
 * closes that it has. Where that is over, and nobody has looked until then, its check is asked for as long once more: it
 * may have been ready for hours. Looks from its making on, and is asked when somebody looks at the program.
 */
export class ResumedWait implements Disposable {
  /** Of which launch. */
  readonly launched: ProcessRef;
  readonly #program: ProgramSettings;
  readonly #record: ProgramRecord & { readonly state: "starting" };
  readonly #host: LifecyclePorts;
  readonly #readiness: Readiness;
  /** When its time is over, on our clock. */
  readonly #end: number;

  private constructor(
    program: ProgramSettings,
    record: ProgramRecord & { readonly state: "starting" },
    launched: ProcessRef,
    host: LifecyclePorts,
    readiness: Readiness,
    signal: AbortSignal,
  ) {
    this.#program = program;
    this.#record = record;
    this.launched = launched;
    this.#host = host;
    this.#readiness = readiness;
    const leftMs = windowLeftMs(record, host.proc.uptime());
    this.#end = monotonicMs() + (leftMs > 0 ? leftMs : lateMs(program));
    signal.addEventListener("abort", () => this[Symbol.dispose](), { once: true });
    readiness.begin();
  }

  /** Undefined where nothing is to be waited for: it is no start, or has no check. */
  static of(
    program: ProgramSettings,
    record: ProgramRecord | undefined,
    host: LifecyclePorts,
    signal: AbortSignal,
    onLook: () => void,
  ): ResumedWait | undefined {
    const { ready } = program;
    if (ready === undefined || record?.state !== "starting" || record.desired === "down") {
      return undefined;
    }
    const { launched, logged } = record;
    if (launched === undefined) return undefined;
    const readiness = new Readiness(
      ready,
      { program, logged, env: host.env, notices: host.notices },
      onLook,
    );
    return new ResumedWait(program, record, launched, host, readiness, signal);
  }

  get isReady(): boolean {
    return this.#readiness.isReady;
  }

  /** Why it is not, when it was looked at last. */
  get reason(): string | undefined {
    return this.#readiness.reason;
  }

  /** What is left of its time, in ms. */
  get leftMs(): number {
    return this.#end - monotonicMs();
  }

  /**
   * Why it is taken as it is although it was not seen ready; undefined: it has failed when its time is over. READY=1 is
   * said once, and what was said while nobody listened is lost: it may be a healthy program that would be ended.
   */
  get unheard(): string | undefined {
    if (this.#program.ready?.kind !== "notify" || this.isReady) return undefined;
    return "it has not said READY=1 since whoever started it was gone; it may have been said unheard, and it is taken as it is";
  }

  [Symbol.dispose](): void {
    this.#readiness[Symbol.dispose]();
  }

  /** Its window is over: ends it, as any start that has failed. */
  async fail(process: ProcessRef, signal: AbortSignal): Promise<StartFailure> {
    this[Symbol.dispose]();
    const { logged, session } = this.#record;
    const { launched } = this;
    const target = { process, launched, session, record: this.#record };
    const ending = { ...this.#program, stopCommand: undefined, beforeStop: undefined };
    await stop(target, ending, this.#host, { signal });
    await endLeftOvers(this.#record, this.#program, this.#host, signal);
    const output = logged && lastWords(this.#program, logged);
    return {
      kind: "failed",
      code: ExitCode.notReady,
      reason: `${this.#readiness.failure ?? "not ready"}; it was ended again`,
      exit: undefined,
      pid: process.pid,
      details: ["whoever had started it was gone before it was ready"],
      output: output ?? [],
    };
  }
}

/** What would have said so by then is not waited for: it is not said twice. */
function lateMs({ ready, startTimeoutMs }: ProgramSettings): number {
  return ready?.kind === "notify" ? 0 : startTimeoutMs;
}
