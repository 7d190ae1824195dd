import { tame } from "./tame.ts";

const ESC = "\u001b";
/** Select Graphic Rendition (ECMA-48, 8.3.117): what colours text. */
const COLOUR = new RegExp(ESC + String.raw`\[([\d;:]*)m`, "g");
const RESET = `${ESC}[0m`;

/** Text for a terminal: colours pass, all else that is harmful is shown by its number, as `tame` does. */
export function tameAroundColours(text: string): string {
  if (!text.includes(ESC)) return tame(text);
  let shown = "";
  let at = 0;
  for (const { 0: colour, index } of text.matchAll(COLOUR)) {
    shown += tame(text.slice(at, index)) + colour;
    at = index + colour.length;
  }
  return shown + tame(text.slice(at));
}

/** A line of a program whose colours end with it. Neither hidden text (8) nor blinking one (5, 6) remains. */
export function harmlessColours(line: string): string {
  if (!line.includes(ESC)) return line;
  let isColoured = false;
  const text = line.replaceAll(COLOUR, (colour, codes: string) => {
    if (!isHarmless(codes)) return "";
    isColoured = true;
    return colour;
  });
  return isColoured ? text + RESET : text;
}

/** The same without any colour, for files and pipes. */
export function withoutColours(line: string): string {
  return line.includes(ESC) ? line.replaceAll(COLOUR, "") : line;
}

/**
 * Text for a terminal in pieces of at most `most` columns, as `widthOf` has the width of a character. Each piece ends its colours,
 * and the next goes on with them.
 */
export function foldColoured(
  text: string,
  most: number,
  widthOf: (char: string) => number,
): readonly string[] {
  const pieces: string[] = [];
  let piece = "";
  let width = 0;
  let active = "";
  const add = (plain: string): void => {
    for (const char of plain) {
      const own = widthOf(char);
      if (width + own > most && width > 0) {
        pieces.push(active === "" ? piece : piece + RESET);
        piece = active;
        width = 0;
      }
      piece += char;
      width += own;
    }
  };
  let at = 0;
  for (const { 0: colour, 1: codes = "", index } of text.matchAll(COLOUR)) {
    add(text.slice(at, index));
    piece += colour;
    active = /^0*$/.test(codes) ? "" : active + colour;
    at = index + colour.length;
  }
  add(text.slice(at));
  return [...pieces, piece];
}

/** The numbers of a colour (`38;5;8`) are none of its own. */
function isHarmless(codes: string): boolean {
  const own = codes.replaceAll(
    /(^|;)[345]8[;:](?:5[;:]\d{1,3}|2(?:[;:]\d{0,3}){3,4})(?=;|$)/g,
    "$1",
  );
  return codes.length <= 64 && own.split(/[;:]/).every((code) => !/^0*[568]$/.test(code));
}
