import type { ProcessRef } from "../../proc/pid.ts";
import type { ProcReader } from "../../proc/reader.ts";
import { ageMs } from "../../proc/uptime.ts";
import { monotonicMs } from "../lib/clock.ts";
import type { MonitorSettings } from "../config/settings.ts";
import { ActivityMonitor, fileActivity } from "../monitors/activity.ts";
import type { MemoryMonitor } from "../monitors/memory.ts";
import type { Violation } from "../monitors/violation.ts";

/** What happens when a limit is exceeded, or cannot be watched well. */
export interface LimitsListener {
  exceeded(process: ProcessRef, violation: Violation): void;
  degraded(reason: string): void;
}

/** True when there is something to watch. */
export function hasLimits({ rssLimitBytes, activityfile }: MonitorSettings): boolean {
  return rssLimitBytes > 0 || activityfile !== undefined;
}

/** The monitors of one program, for the process that it has now. */
export class Limits {
  readonly #memory: MemoryMonitor;
  readonly #proc: ProcReader;
  readonly #listener: LimitsListener;
  #ends: readonly (() => void)[] = [];

  constructor(memory: MemoryMonitor, proc: ProcReader, listener: LimitsListener) {
    this.#memory = memory;
    this.#proc = proc;
    this.#listener = listener;
  }

  /** Watches `process` from now on, and nothing else. */
  watch(process: ProcessRef, settings: MonitorSettings): void {
    this.unwatch();
    const { rssLimitBytes, activityfile, monitorAfterMs } = settings;
    const ends: (() => void)[] = [];
    const onViolation = (violation: Violation): void => {
      this.unwatch(); // one violation is enough: the program is restarted
      this.#listener.exceeded(process, violation);
    };
    if (rssLimitBytes > 0) {
      ends.push(this.#memory.watch(process, rssLimitBytes, monitorAfterMs, onViolation));
    }
    if (activityfile !== undefined) {
      const age = this.#age(process);
      const activity = new ActivityMonitor({
        path: activityfile,
        limitMs: settings.activityfileLimitMs,
        notBefore: monotonicMs() + Math.max(0, monitorAfterMs - age),
        startedAt: monotonicMs() - age,
        onViolation,
        onDegraded: (reason) => this.#listener.degraded(reason),
        ports: fileActivity,
      });
      ends.push(() => activity[Symbol.dispose]());
    }
    this.#ends = ends;
  }

  unwatch(): void {
    const ends = this.#ends;
    this.#ends = [];
    for (const end of ends) end();
  }

  #age({ startTime }: ProcessRef): number {
    return ageMs(startTime, this.#proc.uptime());
  }
}
