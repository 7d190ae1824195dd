import { formatBytes } from "./format.ts";

/** So much of a line is kept, in bytes: what has no line feed at all must not fill the memory. */
export const LONGEST_LINE = 64 * 1024;

const LINE_FEED = 10;
const EMPTY = Buffer.alloc(0);

/** Makes lines of bytes as they come. Of a line of more than 64 KiB the rest is only counted. */
export class LineSplitter {
  /** The beginning of a line whose end has not come yet. */
  #begun: Buffer = EMPTY;
  /** What of it was left out, in bytes. */
  #leftOut = 0;

  /** The lines that end in these bytes. */
  push(bytes: Buffer): readonly string[] {
    const lines: string[] = [];
    let at = 0;
    for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, at)) {
      this.#add(bytes.subarray(at, end));
      lines.push(this.#take());
      at = end + 1;
    }
    this.#add(bytes.subarray(at));
    return lines;
  }

  /** True while a line has begun and not ended. */
  get isWithin(): boolean {
    return this.#begun.length > 0 || this.#leftOut > 0;
  }

  /** How much of it has come, in bytes. */
  get begunBytes(): number {
    return this.#begun.length + this.#leftOut;
  }

  /** The last line, which has no line feed; what follows it is another. Undefined: there is none. */
  flush(): string | undefined {
    return this.isWithin ? this.#take() : undefined;
  }

  #add(bytes: Buffer): void {
    const kept = bytes.subarray(0, LONGEST_LINE - this.#begun.length);
    // Copied: who reads uses one buffer again and again.
    if (kept.length > 0) this.#begun = Buffer.concat([this.#begun, kept]);
    this.#leftOut += bytes.length - kept.length;
  }

  #take(): string {
    const line = lineText(this.#begun, this.#leftOut);
    this.#begun = EMPTY;
    this.#leftOut = 0;
    return line;
  }
}

/**
 * A line as text, `leftOut` bytes of which are missing: without the carriage return at its end, and the NULs that a
 * log begins with which was truncated under a program that does not append (O_APPEND).
 */
export function lineText(bytes: Buffer, leftOut: number): string {
  const text = bytes
    .toString("utf8")
    .replace(/\r$/, "")
    .replace(/^\0{2,}/, "");
  return leftOut === 0 ? text : `${text}… (${formatBytes(leftOut)} more)`;
}
