/** So often is looked whether somebody wants to stop what is being started, in ms. */
const ASKED_EVERY_MS = 200;

/** Ends with `signal`, or when an operator's stop need not wait for the window to close. */
export class StartWindow implements Disposable {
  readonly #controller = new AbortController();
  readonly #outer: AbortSignal;
  readonly #timer: NodeJS.Timeout;
  readonly #follow = (): void => this.#controller.abort(this.#outer.reason);

  constructor(outer: AbortSignal, isStopRequested: () => boolean) {
    this.#outer = outer;
    outer.addEventListener("abort", this.#follow, { once: true });
    this.#timer = setInterval(() => {
      if (isStopRequested()) this.#controller.abort(new Error("somebody wants to stop it"));
    }, ASKED_EVERY_MS);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#outer.removeEventListener("abort", this.#follow);
  }
}
