/** Calls once for many calls of one turn of the event loop. */
export class Soon {
  readonly #act: () => void;
  #isDue = false;

  constructor(act: () => void) {
    this.#act = act;
  }

  call(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    setImmediate(() => {
      this.#isDue = false;
      this.#act();
    });
  }
}
