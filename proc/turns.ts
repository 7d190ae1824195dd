/** Gives out a limited number of turns, first come, first served. */
export class Turns {
  readonly #waiting: (() => void)[] = [];
  #free: number;

  /** `count`: how many may be under way at once. */
  constructor(count: number) {
    this.#free = count;
  }

  /** Resolves when it is your turn; call what it yields when you are done (again does no harm). */
  async take(): Promise<() => void> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    let done = false;
    return () => {
      if (done) return;
      done = true;
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    };
  }
}
