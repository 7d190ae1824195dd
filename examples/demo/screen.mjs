// The screen of the demonstration on a terminal: instructions that stay, and below them what happens.

/** So many lines of the log are kept, for a terminal that is made larger. */
const KEPT = 500;
/** The log has so many lines at least, whatever the instructions take. */
const LEAST = 5;

/** A line of usrsvcd's log for people: time, program, what. What is no JSON stays as it is. */
export function readable(line) {
  let entry;
  try {
    entry = JSON.parse(line);
  } catch {
    return line;
  }
  const { time, program = "usrsvcd", msg = "" } = entry ?? {};
  const clock = new Date(time);
  if (typeof msg !== "string" || Number.isNaN(clock.getTime())) return line;
  const said = [`${program}: `, `${program} `].find((start) => msg.startsWith(start)) ?? "";
  const what = msg.slice(said.length);
  const text = `${clock.toTimeString().slice(0, 8)}  ${program.padEnd(8)} ${what}`;
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "?"); // what a terminal obeys, or hides
}

/** The rows that a terminal shows. */
export function layOut(instructions, log, { rows, columns }) {
  const head = instructions.slice(0, Math.max(0, rows - LEAST));
  const rest = log.slice(Math.max(0, log.length - (rows - head.length)));
  return [...head, ...rest].map((row) => row.slice(0, columns));
}

/** Instructions that stay at the top of `terminal`; what is logged comes below them. */
export class Screen {
  #terminal;
  #instructions;
  #log = [];
  #redraw = () => this.#draw();

  constructor(terminal, instructions) {
    this.#terminal = terminal;
    this.#instructions = instructions;
    // What was on the terminal stays to be scrolled back to.
    terminal.write("\n".repeat(terminal.rows ?? 24));
    terminal.on("resize", this.#redraw);
    this.#draw();
  }

  log(line) {
    this.#log.push(line);
    if (this.#log.length > KEPT) this.#log.shift();
    this.#draw();
  }

  /** From now on, lines are written below all that is there. */
  close() {
    this.#terminal.off("resize", this.#redraw);
    this.#terminal.write("\n");
  }

  #draw() {
    const { rows = 24, columns = 80 } = this.#terminal;
    // The last row is the cursor's.
    const shown = layOut(this.#instructions, this.#log, { rows: rows - 1, columns });
    const lines = shown.map((row) => `${row}\u001b[K\r\n`).join("");
    this.#terminal.write(`\u001b[H${lines}\u001b[J`);
  }
}
