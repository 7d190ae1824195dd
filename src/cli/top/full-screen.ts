import { writeAll } from "../screen.ts";
import type { Styled } from "../terminal/style.ts";

/** The alternate screen, without a cursor, lines that are cut and not wrapped, and pasted text marked as such. */
const ENTER = "\u001b[?1049h\u001b[?25l\u001b[?7l\u001b[?2004h\u001b[2J";
/** What was there before. A terminal without an alternate screen is at least left empty. */
const LEAVE = "\u001b[0m\u001b[2J\u001b[H\u001b[?2004l\u001b[?7h\u001b[?25h\u001b[?1049l";

/** A page that takes the whole terminal. Dispose of it at the end, which gives the terminal back. */
export class FullScreen implements Disposable {
  #isEntered = false;
  #shown: readonly string[] = [];
  readonly #leave = (): void => this.leave();

  constructor() {
    process.on("exit", this.#leave);
    this.enter();
  }

  /** Columns and rows of the terminal now. */
  get size(): { readonly width: number; readonly height: number } {
    return { width: process.stdout.columns || 80, height: process.stdout.rows || 24 };
  }

  enter(): void {
    if (this.#isEntered) this.leave(); // after SIGSTOP, nobody has left it
    this.#isEntered = true;
    this.#shown = [];
    setRaw(true);
    writeAll(1, ENTER);
  }

  /** Gives the terminal back; a second call does no harm. */
  leave(): void {
    if (!this.#isEntered) return;
    this.#isEntered = false;
    writeAll(1, LEAVE); // a terminal that is gone does not matter any more
    setRaw(false);
  }

  /** Shows these lines from the top on; only what has changed is written. */
  show(lines: readonly Styled[]): void {
    if (!this.#isEntered) return;
    const { height } = this.size;
    const page = lines.slice(0, height);
    const changed = page.flatMap((line, row) =>
      line === this.#shown[row] ? [] : [`\u001b[${row + 1};1H\u001b[0m\u001b[K${line}`],
    );
    const below = page.length < Math.min(height, this.#shown.length);
    if (below) changed.push(`\u001b[${page.length + 1};1H\u001b[J`);
    this.#shown = page;
    if (changed.length > 0) writeAll(1, changed.join(""));
  }

  /** The next page is written in full: the terminal was resized, or somebody else has written to it. */
  forget(): void {
    this.#shown = [];
    if (this.#isEntered) writeAll(1, "\u001b[0m\u001b[2J");
  }

  [Symbol.dispose](): void {
    this.leave();
    process.off("exit", this.#leave);
  }
}

/** Keys come one by one, and not as lines; or as before. */
function setRaw(isRaw: boolean): void {
  try {
    process.stdin.setRawMode(isRaw);
  } catch {
    // the terminal is gone
  }
}
