/** Escapes of systemd.syntax(7), after a backslash. */
const ESCAPES: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  s: " ",
  "\\": "\\",
  '"': '"',
  "'": "'",
};

/**
 * Splits a value into words as systemd does: blanks separate, quotes of both kinds group, and C escapes count in both.
 * An unknown escape stays as it is. Undefined: a quote is not closed.
 */
export function unitWords(text: string): readonly string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let quote = "";
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at] ?? "";
    if (char === "\\") {
      const escape = escapeAt(text, at + 1);
      word = (word ?? "") + escape.text;
      at = escape.end - 1;
    } else if (quote === "" && /\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (char === quote) {
      quote = "";
    } else if (quote === "" && (char === '"' || char === "'")) {
      quote = char;
      word ??= "";
    } else {
      word = (word ?? "") + char;
    }
  }
  if (quote !== "") return undefined;
  if (word !== undefined) words.push(word);
  return words;
}

function escapeAt(text: string, at: number): { text: string; end: number } {
  const rest = text.slice(at, at + 9);
  const [hex] = /^(x[\dA-Fa-f]{2}|u[\dA-Fa-f]{4}|U[\dA-Fa-f]{8})/.exec(rest) ?? [];
  if (hex !== undefined) {
    const code = Number.parseInt(hex.slice(1), 16);
    if (code > 0 && code <= 0x10ffff)
      return { text: String.fromCodePoint(code), end: at + hex.length };
  }
  const [octal] = /^[0-7]{3}/.exec(rest) ?? [];
  if (octal !== undefined)
    return { text: String.fromCodePoint(Number.parseInt(octal, 8)), end: at + 3 };
  const [char = ""] = rest;
  return { text: ESCAPES[char] ?? `\\${char}`, end: at + char.length };
}
