import type { Host } from "../../host/host.ts";
import { requestedAct, type RequestedAct } from "../../state/stop-request.ts";
import { StopRequestWatch } from "../../state/stop-request-watch.ts";

/** Time that whoever wants to stop a program can wait, in ms. */
const LONG_MS = 200;

/** Why a start was interrupted: somebody else acts on the program, and has the last word. */
export class Overtaken extends Error {
  override readonly name = "Overtaken";
  readonly act: RequestedAct;

  constructor(act: RequestedAct) {
    super(
      act === "stop"
        ? "usrsvc stop was called in the meantime and ends it"
        : "another usrsvc restart was called in the meantime; it ends the program and starts it again",
    );
    this.act = act;
  }
}

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
        const act = requestedAct(host.state, name, host.proc);
        if (act !== undefined) this.#controller.abort(new Overtaken(act));
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
