/** Delay after the first of many calls, in ms. */
const PAUSE_MS = 50;

/** Calls once for many calls in a row. */
export class Soon {
  readonly #act: () => void;
  #isDue = false;

  constructor(act: () => void) {
    this.#act = act;
  }

  call(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    setTimeout(() => {
      this.#isDue = false;
      this.#act();
    }, PAUSE_MS).unref();
  }
}
