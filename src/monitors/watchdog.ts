import { callAt, monotonicMs } from "../lib/clock.ts";
import { formatDuration } from "../lib/format.ts";
import type { Measured, Measurement } from "./measurement.ts";
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
  /** Its last sign of life; before the first, when we began to listen. */
  #lastSign = monotonicMs();
  #cancel = (): void => {};

  constructor(options: WatchdogOptions) {
    this.#options = options;
    this.#endListening = options.listen((sign) => {
      if (sign === "trigger") this.#end("it asked to be restarted (WATCHDOG=trigger)");
      else this.#lastSign = monotonicMs();
    });
    this.#wait();
  }

  [Symbol.dispose](): void {
    this.#cancel();
    this.#endListening();
  }

  #wait(): void {
    this.#cancel = callAt(this.#deadline, () => this.#look());
  }

  /** When it has been silent for too long. */
  get #deadline(): number {
    const { limitMs, notBefore } = this.#options;
    return Math.max(this.#lastSign, notBefore) + limitMs;
  }

  #look(): void {
    const now = monotonicMs();
    if (now < this.#deadline) return this.#wait();
    const { limitMs } = this.#options;
    const silentMs = now - this.#lastSign;
    const silent = `it has been silent for ${formatDuration(silentMs)}`;
    this.#end(`${silent}, longer than watchdog (${formatDuration(limitMs)})`, silentMs);
  }

  #end(reason: string, measured?: number): void {
    this[Symbol.dispose]();
    const { limitMs: limit, onViolation } = this.#options;
    onViolation({ monitor: "watchdog", measured, limit, reason });
  }
}

/** What can be said of it now: only who listens knows when it was heard. */
export function describeWatchdog(limitMs: number, { notYet }: Measured): Measurement {
  const text = `it must be heard of every ${formatDuration(limitMs)}; when it was heard last, only usrsvcd knows${notYet}`;
  return { key: "watchdog", text, limit: limitMs / 1000 };
}
