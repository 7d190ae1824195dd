import { closeSync, fstatSync, openSync, readSync } from "node:fs";

/** Reads the lines that are added to a file. */
export class Tail {
  readonly #fd: number;
  readonly #take: (line: string) => void;
  #offset = 0;
  #rest = "";

  constructor(path: string, take: (line: string) => void) {
    this.#fd = openSync(path, "r");
    this.#take = take;
  }

  /** Takes what has come since the last call. */
  read(): void {
    const length = fstatSync(this.#fd).size - this.#offset;
    if (length <= 0) return;
    const bytes = Buffer.alloc(length);
    this.#offset += readSync(this.#fd, bytes, 0, length, this.#offset);
    const lines = (this.#rest + bytes.toString("utf8")).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#take(line);
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }
}
