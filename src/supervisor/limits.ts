import type { ProcessRef } from "../../proc/pid.ts";
import type { MonitorSettings } from "../config/settings.ts";
import type { Monitor } from "../monitors/monitors.ts";
import type { Sign } from "../monitors/watchdog.ts";
import type { Violation } from "../monitors/violation.ts";

/** What happens when a limit is exceeded, or cannot be watched well. */
export interface LimitsListener {
  exceeded(process: ProcessRef, violation: Violation): void;
  degraded(reason: string): void;
  /** Calls back with each sign of life of the program, until what is returned is called. */
  signs(onSign: (sign: Sign) => void): () => void;
}

/** The limits of one program, watched in the process that it has now. */
export class Limits {
  readonly #monitors: readonly Monitor[];
  readonly #listener: LimitsListener;
  #ends: readonly (() => void)[] = [];

  constructor(monitors: readonly Monitor[], listener: LimitsListener) {
    this.#monitors = monitors;
    this.#listener = listener;
  }

  /** Watches `process` from now on, and nothing else. */
  watch(process: ProcessRef, settings: MonitorSettings): void {
    this.unwatch();
    const watched = {
      process,
      settings,
      onViolation: (violation: Violation): void => {
        this.unwatch(); // one violation is enough: the program is restarted
        this.#listener.exceeded(process, violation);
      },
      onDegraded: (reason: string): void => this.#listener.degraded(reason),
      signs: (onSign: (sign: Sign) => void) => this.#listener.signs(onSign),
    };
    this.#ends = this.#monitors
      .filter(({ isOn }) => isOn(settings))
      .map(({ watch }) => watch(watched));
  }

  unwatch(): void {
    const ends = this.#ends;
    this.#ends = [];
    for (const end of ends) end();
  }
}
