import { coloursOf } from "../terminal/style.ts";
import type { FullScreen } from "./full-screen.ts";
import { KeyReader } from "./keys.ts";
import type { Page } from "./page.ts";

/** The signal that ended it; undefined: somebody has left. */
export type Signalled = NodeJS.Signals | undefined;

/** How long half a key may wait for its other half, in ms: a slow line may tear it apart. */
const HALF_KEY_MS = 50;
/** The second look comes sooner, in ms: shares of a processor are known from then on. */
const SECOND_LOOK_MS = 500;
/** How long a suspended process takes to be stopped, in ms; later, it is not to be: nobody could wake it. */
const SUSPEND_MS = 100;

/** Shows the page, and does what is asked for by keys and signals, until somebody leaves. */
export async function untilLeft(page: Page, full: FullScreen): Promise<Signalled> {
  using session = new Session(page, full);
  return await session.left;
}

class Session implements Disposable {
  readonly left: Promise<Signalled>;
  readonly #page: Page;
  readonly #full: FullScreen;
  readonly #keys = new KeyReader();
  readonly #off: (() => void)[] = [];
  #leave: (signal: Signalled) => void = () => {};
  #fail: (error: unknown) => void = () => {};
  #isOver = false;
  #isSuspended = false;
  #wake: () => void = () => {};
  #timer: NodeJS.Timeout | undefined;

  constructor(page: Page, full: FullScreen) {
    this.#page = page;
    this.#full = full;
    this.left = new Promise((resolve, reject) => {
      this.#leave = resolve;
      this.#fail = reject;
    });
    page.onNews = () => this.#wake();
    const { stdin, stdout } = process;
    stdin.setEncoding("utf8");
    this.#on(stdin, "data", (text: string) => this.#read(text));
    this.#on(stdin, "end", () => this.#leave("SIGHUP"));
    this.#on(stdin, "error", () => this.#leave("SIGHUP"));
    this.#on(stdout, "resize", () => this.#redraw());
    this.#on(stdout, "error", () => {});
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const) {
      this.#on(process, signal, () => this.#leave(signal));
    }
    this.#on(process, "SIGTSTP", this.#onSuspend);
    this.#on(process, "SIGCONT", () => this.#resume());
    stdin.resume();
    this.#draw();
    this.#looks().catch((error: unknown) => this.#fail(error));
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    for (const off of this.#off) off();
    this.#page.onNews = () => {};
    process.stdin.pause();
    this.#wake();
  }

  #on(source: NodeJS.EventEmitter, event: string, listener: (given: string) => void): void {
    source.on(event, listener);
    this.#off.push(() => void source.off(event, listener));
  }

  async #looks(): Promise<void> {
    for (let count = 1; !this.#isOver; count += 1) {
      await this.#pause(
        count === 1 ? Math.min(SECOND_LOOK_MS, this.#page.everyMs) : this.#page.everyMs,
      );
      if (this.#isOver) return;
      await this.#page.look();
      this.#draw();
    }
  }

  async #pause(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #read(text: string): void {
    clearTimeout(this.#timer);
    for (const key of this.#keys.read(text)) this.#press(key);
    if (!this.#keys.isWaiting) return;
    this.#timer = setTimeout(() => {
      for (const key of this.#keys.flush()) this.#press(key);
    }, HALF_KEY_MS);
  }

  #press(key: string): void {
    if (this.#isOver) return;
    switch (this.#page.press(key, this.#full.size)) {
      case "quit":
        return this.#leave(undefined);
      case "suspend":
        return this.#suspend(0); // with whoever called us, as a terminal does it
      case "redraw":
        return this.#redraw();
      case "look":
        return this.#wake();
      case undefined:
        return this.#draw();
    }
  }

  #draw(): void {
    if (this.#isOver || this.#isSuspended) return;
    this.#full.show(this.#page.lines(this.#full.size, coloursOf(process.env, true)));
  }

  #redraw(): void {
    if (this.#isSuspended) return;
    this.#full.forget();
    this.#draw();
  }

  readonly #onSuspend = (): void => this.#suspend(process.pid);

  /** Gives the terminal back, and stops, until SIGCONT. `whom`: a process, or 0 for our group. */
  #suspend(whom: number): void {
    if (this.#isSuspended) return;
    this.#isSuspended = true;
    this.#full.leave();
    process.off("SIGTSTP", this.#onSuspend); // what it does to a process that says nothing
    process.kill(whom, "SIGTSTP");
    setTimeout(() => this.#resume(), SUSPEND_MS);
  }

  #resume(): void {
    if (this.#isOver) return;
    if (this.#isSuspended) process.on("SIGTSTP", this.#onSuspend);
    this.#isSuspended = false;
    this.#full.enter();
    this.#draw();
    this.#wake();
  }
}
