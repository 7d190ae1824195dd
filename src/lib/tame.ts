import { maskAll, mayHoldSecret } from "./secrets.ts";

/*
 * Names, titles and output come from files and programs. What a terminal obeys (control characters,
 * including C1), and what reorders or hides a part of the text (format characters, Unicode's category Cf:
 * bidirectional controls, zero-width ones), is never passed on unchanged.
 */

/** Nearly every text; the expressions below are expensive. */
const HARMLESS = /^[ -~\n\t]*$/;
/** The same for a line of JSON: non-ASCII is rare there, too. */
const HARMLESS_LINE = /^[ -~\n]*$/;
/** Made when it is needed: classes of Unicode take their time. */
const wild = (): RegExp => /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** Text for a terminal or a mail: line breaks and tabs stay, what is harmful is shown by its number. */
export function tame(text: string): string {
  if (HARMLESS.test(text)) return text;
  return text.replaceAll(wild(), (char) => (char === "\n" || char === "\t" ? char : shown(char)));
}

/**
 * JSON whose strings contain nothing harmful, and mean the same: escaped as JSON does it (RFC 8259, 7).
 * The line breaks between its lines stay.
 */
export function tameJson(lines: string): string {
  if (HARMLESS_LINE.test(lines)) return lines;
  return lines.replaceAll(wild(), (char) => (char === "\n" ? char : escaped(char)));
}

/** An object as one line of JSON, its secrets masked unless they are asked for. */
export function jsonLine(value: object, showsSecrets = false): string {
  const line = JSON.stringify(value);
  const isShown = showsSecrets || !mayHoldSecret(line);
  return tameJson(isShown ? line : JSON.stringify(maskAll(value)));
}

function shown(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  if (code <= 0xff) return `\\x${hex.padStart(2, "0")}`;
  return code <= 0xffff ? `\\u${hex.padStart(4, "0")}` : `\\u{${hex}}`;
}

/** Beyond 16 bits, JSON needs two of them. */
function escaped(char: string): string {
  return Array.from({ length: char.length }, (_, at) => char.charCodeAt(at))
    .map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`)
    .join("");
}
