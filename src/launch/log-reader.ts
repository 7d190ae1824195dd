import { closeSync, fstatSync, readSync } from "node:fs";
import { stripVTControlCharacters } from "node:util";
import { openForReading } from "../lib/open-log.ts";
import type { LogEnd } from "./output.ts";

/** Maximum number of bytes that are read at once: what is more waits for the next call. */
const MOST_BYTES = 65_536;
/** Maximum length of a line that is looked at, in characters. */
const LONGEST = 4096;

/** Reads what is added to a log, each line once. */
export class LogReader {
  readonly #path: string;
  #at: LogEnd;
  /** Of a line that is not complete yet: it is looked at as it is, and again with what follows. */
  #begun = "";

  constructor(path: string, since: LogEnd) {
    this.#path = path;
    this.#at = since;
  }

  /** Lines that were added since the last call. A log that cannot be read has none. */
  lines(): readonly string[] {
    try {
      const added = this.#read(); // forgets what was begun in another file
      const lines = (this.#begun + added).split("\n");
      this.#begun = (lines.at(-1) ?? "").slice(-LONGEST);
      return lines
        .map((line) => stripVTControlCharacters(line.slice(0, LONGEST)).trimEnd())
        .filter((line) => line !== "");
    } catch {
      return [];
    }
  }

  #read(): string {
    const fd = openForReading(this.#path);
    try {
      const stat = fstatSync(fd);
      if (!stat.isFile()) return "";
      const { dev, ino, size } = stat;
      const isSame = this.#at.ino === 0 || (this.#at.ino === ino && this.#at.dev === dev);
      // Rotated or truncated since: all of it is new.
      const from = isSame && this.#at.size <= size ? this.#at.size : 0;
      if (from === 0) this.#begun = "";
      const buffer = Buffer.alloc(Math.min(MOST_BYTES, size - from));
      const length = readSync(fd, buffer, 0, buffer.length, from);
      this.#at = { dev, ino, size: from + length };
      return buffer.toString("utf8", 0, length);
    } finally {
      closeSync(fd);
    }
  }
}
