import { isatty } from "node:tty";

/** Colours that are read on a light and on a dark background. */
const CODES = { green: 32, red: 31, yellow: 33, cyan: 36 } as const;

/** The name of a colour. */
export type Colour = keyof typeof CODES;

/** A text in colour, where a terminal shows it and nobody has said NO_COLOR (no-color.org); it must be tamed already. */
export function coloured(text: string, colour: Colour, fd: number): string {
  return isColoured(fd) ? `\u001b[${CODES[colour]}m${text}\u001b[0m` : text;
}

function isColoured(fd: number): boolean {
  const { NO_COLOR: none = "", TERM: terminal } = process.env;
  return none === "" && terminal !== "dumb" && isatty(fd);
}
