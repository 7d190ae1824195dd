import type { TestContext } from "node:test";
import { cleanUp } from "../support/clean-up.ts";

interface Timer {
  at: number;
  readonly every: number | undefined;
  readonly call: () => void;
}

const { setTimeout: realTimeout, setInterval: realInterval } = globalThis;
const { clearTimeout: realClearTimeout, clearInterval: realClearInterval } = globalThis;
const realDateNow = Date.now.bind(Date);
const realHrtime = process.hrtime;

/** Time that only passes by `advance`, for all that is under test; over with the test. */
export class FakeTime {
  /** Wall clock less monotonic clock, in ms; a test may make it jump. */
  wallOffset = 1_700_000_000_000;
  readonly #timers = new Map<object, Timer>();
  #now = 1_000_000;

  constructor(t: TestContext) {
    const add = (call: () => void, ms: number, every?: number): NodeJS.Timeout => {
      const handle = { unref: () => handle, ref: () => handle };
      this.#timers.set(handle, { at: this.#now + Math.max(1, ms), every, call });
      return handle as unknown as NodeJS.Timeout;
    };
    const remove = (handle: object): void => void this.#timers.delete(handle);
    Object.assign(globalThis, {
      setTimeout: (call: () => void, ms = 1) => add(call, ms),
      setInterval: (call: () => void, ms: number) => add(call, ms, ms),
      clearTimeout: remove,
      clearInterval: remove,
    });
    const hrtime = (): [number, number] => [Math.floor(this.#now / 1000), (this.#now % 1000) * 1e6];
    process.hrtime = Object.assign(hrtime, { bigint: () => realHrtime.bigint() });
    Date.now = () => this.#now + this.wallOffset;
    cleanUp(t, () => {
      Object.assign(globalThis, {
        setTimeout: realTimeout,
        setInterval: realInterval,
        clearTimeout: realClearTimeout,
        clearInterval: realClearInterval,
      });
      process.hrtime = realHrtime;
      Date.now = realDateNow;
    });
  }

  /** Monotonic, in ms. */
  get now(): number {
    return this.#now;
  }

  get wall(): number {
    return this.#now + this.wallOffset;
  }

  /** How many timers are set. */
  get timers(): number {
    return this.#timers.size;
  }

  /** Lets time pass, timer by timer. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settled();
    for (;;) {
      const next = [...this.#timers].sort(([, a], [, b]) => a.at - b.at)[0];
      if (next === undefined || next[1].at > end) break;
      const [handle, timer] = next;
      this.#now = Math.max(this.#now, timer.at);
      if (timer.every === undefined) this.#timers.delete(handle);
      else timer.at += timer.every;
      timer.call();
      await settled();
    }
    this.#now = end;
    await settled();
  }
}

/** All that follows from what has happened, but for timers and files, has happened. */
export async function settled(): Promise<void> {
  for (let round = 0; round < 5; round += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** A promise to be settled by the test. */
export interface Later<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

export function later<T>(): Later<T> {
  let resolve: (value: T) => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
