import { displayWidth } from "../../src/cli/terminal/width.ts";

const ESCAPE = "\u001b";
/** What follows it: a control, or a title. */
const SEQUENCE = /^(?:\[[0-9;?]*[a-zA-Z]|\][^\\]*?\\)/;

/** What a terminal shows of what was written to it: as much of xterm as `usrsvc top` uses, and no more. */
export class TerminalScreen {
  #columns: number;
  #rows: number;
  #lines: string[][] = [];
  #main: string[][] = [];
  #row = 0;
  #column = 0;
  #mainRow = 0;
  #rest = "";
  /** The page that somebody has left with all that was on it. */
  isAlternate = false;
  isCursorShown = true;

  constructor(columns: number, rows: number) {
    this.#columns = columns;
    this.#rows = rows;
  }

  resize(columns: number, rows: number): void {
    this.#columns = columns;
    this.#rows = rows;
    this.#lines = this.#lines.slice(0, rows);
  }

  /** What is to be seen, line by line, without blanks at their ends. */
  get lines(): readonly string[] {
    return this.#lines.map((line) =>
      Array.from(line, (char) => char ?? " ")
        .join("")
        .trimEnd(),
    );
  }

  get text(): string {
    return this.lines.join("\n");
  }

  write(piece: string): void {
    let text = this.#rest + piece;
    while (text !== "") {
      const isSequence = text.startsWith(ESCAPE);
      const [whole] = isSequence
        ? (SEQUENCE.exec(text.slice(1)) ?? [])
        : Array.from(text.slice(0, 2));
      if (whole === undefined) break; // there is more of it to come
      if (!isSequence) this.#put(whole);
      else if (whole.startsWith("[")) this.#obey(whole.slice(1));
      text = text.slice((isSequence ? 1 : 0) + whole.length);
    }
    this.#rest = text;
  }

  #obey(sequence: string): void {
    const numbers = sequence.slice(0, -1).split(";").map(Number);
    switch (sequence) {
      case "?1049h":
        this.#main = this.#lines;
        this.#mainRow = this.#row;
        this.#lines = [];
        this.isAlternate = true;
        return;
      case "?1049l":
        this.#lines = this.#main;
        this.#row = this.#mainRow;
        this.#column = 0;
        this.isAlternate = false;
        return;
      case "?25h":
      case "?25l":
        this.isCursorShown = sequence.endsWith("h");
        return;
      case "2J":
        this.#lines = [];
        return;
      case "J":
        this.#lines.length = Math.min(this.#lines.length, this.#row + 1);
        this.#lines[this.#row]?.splice(this.#column);
        return;
      case "K":
        this.#lines[this.#row]?.splice(this.#column);
        return;
    }
    if (sequence.endsWith("H")) {
      this.#row = Math.max(0, (numbers[0] || 1) - 1);
      this.#column = Math.max(0, (numbers[1] || 1) - 1);
    }
  }

  #put(char: string): void {
    if (char === "\r") this.#column = 0;
    else if (char === "\n") this.#row += 1;
    else if (char === "\b") this.#column = Math.max(0, this.#column - 1);
    else if (char >= " ") {
      const line = (this.#lines[this.#row] ??= []);
      // At the edge what follows is written over the last one; a shell's line is not needed whole.
      const at = Math.min(this.#column, this.#columns - 1);
      line[at] = char;
      for (let more = 1; more < displayWidth(char); more += 1) line[at + more] = "";
      this.#column = at + displayWidth(char);
    }
    if (this.#row >= this.#rows && !this.isAlternate) {
      this.#lines.splice(0, this.#row - this.#rows + 1);
      this.#row = this.#rows - 1;
    }
    for (let row = 0; row < this.#row; row += 1) this.#lines[row] ??= [];
  }
}
