import type { ProcessRef } from "../../proc/pid.ts";
import type { ProcReader } from "../../proc/reader.ts";
import { ageMs } from "../../proc/uptime.ts";
import { monotonicMs } from "../lib/clock.ts";
import type { MonitorSettings } from "../config/settings.ts";
import { ActivityMonitor, fileActivity } from "../monitors/activity.ts";
import type { MemoryMonitor } from "../monitors/memory.ts";
import { type Sign, WatchdogMonitor } from "../monitors/watchdog.ts";
import type { Violation } from "../monitors/violation.ts";

/** What happens when a limit is exceeded, or cannot be watched well. */
export interface LimitsListener {
  exceeded(process: ProcessRef, violation: Violation): void;
  degraded(reason: string): void;
  /** Calls back with each sign of life of the program, until what is returned is called. */
  readonly signs: (onSign: (sign: Sign) => void) => () => void;
}

/** True when there is something to watch. */
export function hasLimits({ rssLimitBytes, activityfile, watchdogMs }: MonitorSettings): boolean {
  return rssLimitBytes > 0 || activityfile !== undefined || watchdogMs > 0;
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
    const { rssLimitBytes, activityfile, watchdogMs, monitorAfterMs } = settings;
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
    if (watchdogMs > 0) {
      const notBefore = monotonicMs() + Math.max(0, monitorAfterMs - this.#age(process));
      const listen = this.#listener.signs;
      const watchdog = new WatchdogMonitor({ limitMs: watchdogMs, notBefore, listen, onViolation });
      ends.push(() => watchdog[Symbol.dispose]());
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
