import type { Host } from "../program/host.ts";
import { isStopRequested } from "../program/stop-request.ts";
import { StopRequestWatch } from "../program/stop-request-watch.ts";

/** For so long, in ms, whoever wants to stop a program can wait. */
const LONG_MS = 200;

/** One for all programs that are started from here. */
const watches = new WeakMap<Host, StopRequestWatch>();

/** Ends with `signal`, or when an operator's stop need not wait for the window to close. */
export class StartWindow implements Disposable {
  readonly #controller = new AbortController();
  readonly #outer: AbortSignal;
  #requests: Disposable | undefined;
  readonly #timer: NodeJS.Timeout;
  readonly #follow = (): void => this.#controller.abort(this.#outer.reason);

  constructor(outer: AbortSignal, name: string, host: Host) {
    this.#outer = outer;
    outer.addEventListener("abort", this.#follow, { once: true });
    const watch = watches.get(host) ?? new StopRequestWatch(host.state);
    watches.set(host, watch);
    this.#timer = setTimeout(() => {
      this.#requests = watch.follow(name, () => {
        if (!isStopRequested(host.state, name, host.proc)) return;
        this.#controller.abort(new Error("somebody wants to stop it"));
      });
    }, LONG_MS);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#requests?.[Symbol.dispose]();
    this.#outer.removeEventListener("abort", this.#follow);
  }
}
