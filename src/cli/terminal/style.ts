import type { Brand } from "../../../proc/brand.ts";
import { maskSecrets } from "../../lib/secrets.ts";
import { tame } from "../../lib/tame.ts";

/** A line for a terminal: secrets are masked, nothing in it is harmful, and what it obeys is a colour of ours. */
export type Styled = Brand<string, "Styled">;

/** What a part of a line means. */
export type Style = "good" | "busy" | "bad" | "faint" | "strong" | "plain";

/** How many colours are to be used: none, those of every terminal, or the 256 of most. */
export type Colours = 0 | 16 | 256;

/**
 * Colours that can be read on a dark background and on a light one: their contrast is about 4.5 with both, which
 * that of the bright yellow and green in which many terminals show the first 16 is not.
 */
const CODES: Readonly<Record<Exclude<Style, "plain">, readonly [of16: string, of256: string]>> = {
  good: ["32", "38;5;28"],
  busy: ["33", "38;5;130"],
  bad: ["1;31", "1;38;5;160"],
  faint: ["", "38;5;244"],
  strong: ["1", "1"],
};

/** Colours that tell programs apart, legible as those above: teal, brown, green, magenta, blue, and paler ones. */
const APART: Readonly<Record<Exclude<Colours, 0>, readonly string[]>> = {
  16: ["36", "33", "32", "35", "34"],
  256: ["30", "130", "28", "163", "63", "131", "97", "64", "132", "129"].map((n) => `38;5;${n}`),
};

/** Puts a style on a text that comes from anywhere. */
export type Paint = (text: string, style?: Style) => Styled;

/** A `Paint` for so many colours. */
export function painter(colours: Colours): Paint {
  return (text, style = "plain") => {
    const safe = harmless(text);
    if (colours === 0 || style === "plain" || safe === "") return safe as Styled;
    return coloured(safe, CODES[style][colours === 256 ? 1 : 0]);
  };
}

/** A text in the colour of the program with this number; each has another than the next. */
export function inColourOf(program: number, text: string, colours: Colours): Styled {
  if (colours === 0) return harmless(text) as Styled;
  const all = APART[colours];
  return coloured(harmless(text), all[program % all.length] ?? "");
}

function coloured(safe: string, code: string): Styled {
  return (code === "" ? safe : `\u001b[${code}m${safe}\u001b[0m`) as Styled;
}

/** A text as it may be shown in a line, so that it can be measured before it is painted. */
export function harmless(text: string): string {
  return tame(maskSecrets(text)).replaceAll(/[\n\t]/g, " ");
}

/** Parts of a line together. */
export function joined(parts: readonly Styled[], between = ""): Styled {
  return parts.join(between) as Styled;
}

/** A line in reverse, for the one that is chosen. */
export function reversed(line: string): Styled {
  return `\u001b[7m${line}\u001b[0m` as Styled;
}

/**
 * How many colours are wanted. FORCE_COLOR has the last word, as with Node and most tools (0 and false: none), then
 * NO_COLOR (https://no-color.org: whatever it is, unless it is empty).
 */
export function coloursOf(env: NodeJS.ProcessEnv, isTerminal: boolean): Colours {
  const { FORCE_COLOR: forced, NO_COLOR: none = "", TERM: term = "" } = env;
  if (forced === "0" || forced === "false") return 0;
  const isForced = forced !== undefined;
  if (!isForced && (none !== "" || !isTerminal || term === "dumb" || term === "")) return 0;
  if (forced === "2" || forced === "3") return 256;
  return /256|direct|kitty|alacritty|ghostty/.test(term) || (env["COLORTERM"] ?? "") !== ""
    ? 256
    : 16;
}
