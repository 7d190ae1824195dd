import { callAt, monotonicMs } from "../lib/clock.ts";
import { formatDuration } from "../lib/format.ts";
import type { OnViolation } from "./violation.ts";

/** What a program says of its life: it lives, or asks to be restarted. */
export type Sign = "alive" | "trigger";

/** What a watchdog asks for. */
export interface WatchdogOptions {
  readonly limitMs: number;
  /** On our clock: silence before that does not count. */
  readonly notBefore: number;
  /** Calls back with each sign, until what is returned is called. */
  readonly listen: (onSign: (sign: Sign) => void) => () => void;
  readonly onViolation: OnViolation;
}

/** Notices that a program has been silent for too long (WATCHDOG=1 of sd_notify(3)). Wakes up once a limit, at most. */
export class WatchdogMonitor implements Disposable {
  readonly #options: WatchdogOptions;
  readonly #endListening: () => void;
  #lastSign: number;
  #cancel = (): void => {};

  constructor(options: WatchdogOptions) {
    this.#options = options;
    this.#lastSign = Math.max(monotonicMs(), options.notBefore);
    this.#endListening = options.listen((sign) => {
      if (sign === "trigger") this.#end("it asked to be restarted (WATCHDOG=trigger)");
      else this.#lastSign = Math.max(this.#lastSign, monotonicMs());
    });
    this.#wait();
  }

  [Symbol.dispose](): void {
    this.#cancel();
    this.#endListening();
  }

  #wait(): void {
    this.#cancel = callAt(this.#lastSign + this.#options.limitMs, () => this.#look());
  }

  #look(): void {
    const silentMs = monotonicMs() - this.#lastSign;
    const { limitMs } = this.#options;
    if (silentMs < limitMs) return this.#wait();
    const silent = `it has been silent for ${formatDuration(silentMs)}`;
    this.#end(`${silent}, longer than watchdog (${formatDuration(limitMs)})`, silentMs);
  }

  #end(reason: string, measured?: number): void {
    this[Symbol.dispose]();
    const { limitMs: limit, onViolation } = this.#options;
    onViolation({ monitor: "watchdog", measured, limit, reason });
  }
}
