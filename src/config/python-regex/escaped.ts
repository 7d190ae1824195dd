import type { Categories } from "./chars.ts";
import { anchor, atom, type Piece } from "./piece.ts";

/** Without the flag m these are the start and the end of the text, and nothing else. */
export const START = "^";
export const END = "$";

/** The place or category that a letter after a backslash stands for; undefined for others. */
export function escaped(char: string, { w, s, d }: Categories): Piece | undefined {
  switch (char) {
    case "A":
      return anchor(START);
    case "Z":
      return anchor(END);
    case "b":
      return anchor(`(?:(?<=[${w}])(?![${w}])|(?<![${w}])(?=[${w}]))`);
    case "B":
      // Before Python 3.14 this does not match in an empty text.
      return anchor(`(?:(?<=[${w}])(?=[${w}])|(?<![${w}])(?![${w}])(?:(?<=[^])|(?=[^])))`);
    case "w":
      return atom(`[${w}]`);
    case "W":
      return atom(`[^${w}]`);
    case "s":
      return atom(`[${s}]`);
    case "S":
      return atom(`[^${s}]`);
    case "d":
      return atom(`[${d}]`);
    case "D":
      return atom(`[^${d}]`);
    default:
      return undefined;
  }
}
