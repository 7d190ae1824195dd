import { writeSync } from "node:fs";
import { maskSecrets } from "../lib/secrets.ts";
import { tameAroundColours } from "../lib/colours.ts";
import { tame } from "../lib/tame.ts";
import { asPageLine, type PageLine, plainLine, styledLines } from "./terminal/page-line.ts";
import { harmless, painter, type Style, type Styled } from "./terminal/style.ts";
import { cutEnd } from "./terminal/width.ts";
import { complaintColumns, type Display, displayOf } from "./terminal/terminal.ts";

/** Where a command prints results (stdout), and complaints, hints and progress (stderr). */
export interface Screen extends Disposable {
  /** A result; on a terminal in lines that fit, and in colour where it shows that. */
  result(text: string, style?: Style): void;
  /** The same in lines, parts of which have a style. */
  lines(lines: readonly PageLine[]): void;
  /** A result that is a page of ours, or JSON: all of it is shown. */
  page(text: string): void;
  /** A result in which colours pass. */
  coloured(text: string): void;
  /** A result in lines that were made for the `display`. */
  styled(lines: readonly Styled[]): void;
  /** How a result is shown to a person; undefined: a program reads it. Asked for only where it matters: it may take 2 ms. */
  readonly display: Display | undefined;
  /** A complaint or hint; on a terminal in lines that fit. */
  complain(text: string): void;
  /** Progress, on a terminal only; replaced by the next, erased at the end. */
  progress(text: string): void;
  /** True once nobody reads the results any more: `usrsvc logs -f web | head`. */
  readonly isAbandoned: boolean;
  /** Why results were lost (disk full, terminal gone); undefined when all were written. */
  readonly lost: string | undefined;
}

/** The process's own streams. Writes synchronously: nothing is lost when the process ends. */
export function processScreen(): Screen {
  let shown = false;
  let lost: string | undefined;
  let isAbandoned = false;
  const write = (fd: number, text: string): void => {
    const outcome = writeAll(fd, text);
    if (fd !== 1) return;
    if (outcome === LEFT) isAbandoned = true;
    else lost ??= outcome;
  };
  const clear = (): void => {
    if (shown) write(2, "\r\u001b[K");
    shown = false;
  };
  const page = (text: string): void => {
    clear();
    write(1, `${tame(text)}\n`);
  };
  return {
    page,
    result(text, style) {
      this.lines(text.split("\n").map((line) => asPageLine(line, style)));
    },
    lines(lines) {
      const { display } = this;
      if (display === undefined) {
        page(maskSecrets(lines.map(plainLine).join("\n")));
        return;
      }
      const pageStyle = { width: display.columns, paint: painter(display.colours) };
      this.styled(lines.flatMap((line) => styledLines(line, pageStyle)));
    },
    coloured(text) {
      clear();
      write(1, `${tameAroundColours(maskSecrets(text))}\n`);
    },
    styled(lines) {
      clear();
      write(1, lines.map((line) => `${line}\n`).join(""));
    },
    get display() {
      return displayOf(process.env);
    },
    complain(text) {
      clear();
      const width = complaintColumns(process.env);
      const lines =
        width === undefined
          ? [tame(maskSecrets(text))]
          : text
              .split("\n")
              .flatMap((line) => styledLines(asPageLine(line), { width, paint: painter(0) }));
      write(2, lines.map((line) => `${line}\n`).join(""));
    },
    progress(text) {
      // Checked only now: a status shows no progress, and creating the stream takes 2 ms.
      if (!process.stderr.isTTY) return;
      const width = Math.max(20, (process.stderr.columns ?? 80) - 1);
      clear();
      write(2, cutEnd(harmless(text), width));
      shown = true;
    },
    get isAbandoned() {
      return isAbandoned;
    },
    get lost() {
      return lost;
    },
    [Symbol.dispose]: clear,
  };
}

/** The reader has left. */
const LEFT = Symbol("left");

/**
 * Writes all of it, and yields why that was not possible: an action on programs must not
 * be interrupted by it. A reader that left (`usrsvc status | head -1`) is no problem.
 */
export function writeAll(fd: number, text: string): string | typeof LEFT | undefined {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(fd, bytes, at);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === "EPIPE") return LEFT;
      if (code !== "EAGAIN") return message;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
  return undefined;
}
