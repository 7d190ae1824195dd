import { writeSync } from "node:fs";

/** Where a command tells its results (stdout) and complaints, hints and progress (stderr). */
export interface Screen extends Disposable {
  /** A result. */
  result(text: string): void;
  /** A complaint or hint. */
  complain(text: string): void;
  /** What is going on, on a terminal only; replaced by the next, gone at the end. */
  progress(text: string): void;
}

/** The process's own streams. Writes synchronously: nothing is lost when the process ends. */
export function processScreen(): Screen {
  const live = process.stderr.isTTY;
  let shown = false;
  const clear = (): void => {
    if (shown) write(2, "\r\u001b[K");
    shown = false;
  };
  return {
    result(text) {
      clear();
      write(1, `${text}\n`);
    },
    complain(text) {
      clear();
      write(2, `${text}\n`);
    },
    progress(text) {
      if (!live) return;
      const width = Math.max(20, (process.stderr.columns ?? 80) - 1);
      clear();
      write(2, text.slice(0, width));
      shown = true;
    },
    [Symbol.dispose]: clear,
  };
}

/** A reader that left (`usrsvc status | head -1`) is no error; a full pipe is waited for. */
function write(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(fd, bytes, at);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EPIPE") return;
      if (code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}
