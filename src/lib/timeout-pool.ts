import { within } from "./clock.ts";

/** Time after which a read counts as hanging, in ms. */
const DEADLINE_MS = 3000;
/** Maximum number of reads at once, and of reads that hang: they run in threads that others also need. */
const AT_ONCE = 2;
const HANGING_AT_MOST = 4;

/** It hangs; it may return yet. */
export class Hangs extends Error {
  override readonly name = "Hangs";
}

/**
 * Gives turns to reads that may hang (a dead network file system, a process that holds its memory
 * lock). One that hangs is abandoned and makes room for the next; if too many do, all others wait:
 * better no check than no thread left for anything else.
 */
export class TimeoutPool {
  readonly #waiting: (() => void)[] = [];
  #active = 0;
  #hanging = 0;

  /**
   * What `read` yields.
   *
   * @param onReturn called when the read is over, even if it was abandoned long before
   * @throws {Hangs} after 3 s
   */
  async run<T>(read: () => Promise<T>, onReturn: () => void): Promise<T> {
    if (this.#isFull()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#active += 1;
    let hangs = false;
    const settle = (): void => {
      if (hangs) this.#hanging -= 1;
      else this.#active -= 1;
      onReturn();
      this.#next();
    };
    const reading = read();
    void reading.then(settle, settle);
    const found = await within(
      reading.then((value) => ({ value })),
      DEADLINE_MS,
    );
    if (found !== undefined) return found.value;
    hangs = true;
    this.#active -= 1;
    this.#hanging += 1;
    this.#next();
    throw new Hangs("it does not respond");
  }

  #isFull(): boolean {
    return this.#active >= AT_ONCE || this.#hanging >= HANGING_AT_MOST;
  }

  /** The turn is taken here, so that nothing can come in between. */
  #next(): void {
    while (!this.#isFull() && this.#waiting.length > 0) {
      this.#active += 1;
      this.#waiting.shift()?.();
    }
  }
}
