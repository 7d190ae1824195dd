import { writeSync } from "node:fs";
import { maskSecrets } from "../lib/secrets.ts";
import { tame } from "../lib/tame.ts";
import { type Colour, coloured } from "./colour.ts";

/** Where a command prints results (stdout), and complaints, hints and progress (stderr). */
export interface Screen extends Disposable {
  /** A result; in colour where the terminal shows it. */
  result(text: string, colour?: Colour): void;
  /** A result that is a page of ours, or JSON: all of it is shown. */
  page(text: string): void;
  /** A complaint or hint. */
  complain(text: string): void;
  /** Progress, on a terminal only; replaced by the next, erased at the end. */
  progress(text: string): void;
  /** Why results were lost (disk full, terminal gone); undefined when all were written. */
  readonly lost: string | undefined;
}

/** The process's own streams. Writes synchronously: nothing is lost when the process ends. */
export function processScreen(): Screen {
  let shown = false;
  let lost: string | undefined;
  const write = (fd: number, text: string): void => {
    const problem = writeAll(fd, text);
    if (fd === 1) lost ??= problem;
  };
  const clear = (): void => {
    if (shown) write(2, "\r\u001b[K");
    shown = false;
  };
  const page = (text: string, colour?: Colour): void => {
    clear();
    const tamed = tame(text);
    write(1, `${colour === undefined ? tamed : coloured(tamed, colour, 1)}\n`);
  };
  return {
    page: (text) => page(text),
    result: (text, colour) => page(maskSecrets(text), colour),
    complain(text) {
      clear();
      write(2, `${tame(maskSecrets(text))}\n`);
    },
    progress(text) {
      // Checked only now: a status shows no progress, and creating the stream takes 2 ms.
      if (!process.stderr.isTTY) return;
      const width = Math.max(20, (process.stderr.columns ?? 80) - 1);
      clear();
      write(2, tame(maskSecrets(text)).slice(0, width));
      shown = true;
    },
    get lost() {
      return lost;
    },
    [Symbol.dispose]: clear,
  };
}

/**
 * Writes all of it, and yields why that was not possible: an action on programs must not
 * be interrupted by it. A reader that left (`usrsvc status | head -1`) is no problem.
 */
function writeAll(fd: number, text: string): string | undefined {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(fd, bytes, at);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === "EPIPE") return undefined;
      if (code !== "EAGAIN") return message;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
  return undefined;
}
