/** What is wanted of usrsvcd. */
export type Wanted = "stop" | "reread" | "rename";

/** What is wanted of usrsvcd, by signals and by its own parts, and was not done yet. */
export class Wants {
  readonly #all: Wanted[] = [];
  #wake: () => void = () => {};

  add(what: Wanted): void {
    this.#all.push(what);
    this.#wake();
  }

  /** The next one, as soon as there is one; an end comes before all else. */
  async next(): Promise<Wanted> {
    for (;;) {
      const wanted = this.#all.includes("stop") ? "stop" : this.#all.shift();
      if (wanted !== undefined) return wanted;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
