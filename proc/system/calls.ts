import type { Pid } from "../pid.ts";
import { type ProcReader, statIfAny } from "../reader.ts";
import { ageMs } from "../uptime.ts";

/** Tolerance for start times, in ms: they are measured in ticks of 10 ms, and so is the time since boot. */
const SLACK_MS = 20;

/** Calls that create a child: until one is over, its pid is unknown. */
export class Calls {
  readonly #reader: ProcReader;
  /** Each with the time of its start on our clock, in ms; the oldest first. */
  readonly #all = new Map<Promise<void>, number>();

  constructor(reader: ProcReader) {
    this.#reader = reader;
  }

  /** Makes a call. */
  async make<T>(call: () => Promise<T>): Promise<T> {
    const beganAt = monotonicMs();
    const made = call();
    const over = made.then(nothing, nothing);
    this.#all.set(over, beganAt);
    try {
      return await made;
    } finally {
      this.#all.delete(over);
    }
  }

  /**
   * The oldest of those that may have created this child: resolves when it is over. Undefined if the
   * child is older than all.
   */
  behind(pid: Pid): Promise<void> | undefined {
    const [oldest] = this.#all;
    if (oldest === undefined) return undefined;
    const [over, beganAt] = oldest;
    const stat = statIfAny(this.#reader, pid);
    if (stat === undefined) return over; // cannot be read right now: it may be
    const age = ageMs(stat.startTime, this.#reader.uptime());
    return age <= monotonicMs() - beganAt + SLACK_MS ? over : undefined;
  }
}

const nothing = (): void => {};

/** Not by `performance`: loading it takes 1.3 ms. */
function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}
