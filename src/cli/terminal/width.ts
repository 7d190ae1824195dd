/**
 * Columns on a terminal, near enough: wide East Asian characters and emoji take two. (string-width
 * also knows what is joined to one sign, but its Intl.Segmenter takes 10 ms at its first use.)
 */
export function displayWidth(text: string): number {
  if (/^[ -~]*$/.test(text)) return text.length;
  let width = 0;
  for (const char of text) width += widthOf(char);
  return width;
}

/** The same of one character. */
export function widthOf(char: string): number {
  if (WIDE.test(char)) return 2;
  return /[\p{Mn}\p{Me}\p{Cf}]/u.test(char) ? 0 : 1;
}

const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\p{Emoji_Presentation}]/u;

/** What stands for what was left out, in one column. */
const ELLIPSIS = "…";

/** The begin of a text that takes more than `most` columns, and an ellipsis; else the text. */
export function cutEnd(text: string, most: number): string {
  if (displayWidth(text) <= most) return text;
  return most < 1 ? "" : takeFirst(Array.from(text), most - 1) + ELLIPSIS;
}

/**
 * The same with the ellipsis inside: long names mostly differ at the end (`shop-worker:1`), and say at their begin
 * what they are.
 */
export function cutMiddle(text: string, most: number): string {
  if (displayWidth(text) <= most) return text;
  if (most < 5) return cutEnd(text, most);
  const end = Math.floor((most - 1) / 3);
  const chars = Array.from(text);
  return takeFirst(chars, most - 1 - end) + ELLIPSIS + takeLast(chars, end);
}

/** As many of the first characters as fit, with the marks that stand above or below the last of them. */
function takeFirst(chars: readonly string[], most: number): string {
  let width = 0;
  const end = chars.findIndex((char) => (width += widthOf(char)) > most);
  return chars.slice(0, end < 0 ? chars.length : end).join("");
}

/** As many of the last ones as fit; no mark without what it stands on. */
function takeLast(chars: readonly string[], most: number): string {
  let width = 0;
  let begin = chars.length;
  for (let at = chars.length - 1; at >= 0; at -= 1) {
    const own = widthOf(chars[at] ?? "");
    width += own;
    if (width > most) break;
    if (own > 0) begin = at;
  }
  return chars.slice(begin).join("");
}

/**
 * The words of a text in lines of at most `most` columns, of which the first has `taken` less. A longer word is a line of its own, so that a path can be copied; a
 * short text in quotes is one word, since mostly it is a command.
 */
export function wrapWords(text: string, most: number, taken = 0): readonly string[] {
  const lines: string[] = [];
  let line = "";
  let width = 0;
  for (const word of text.match(WORDS) ?? []) {
    const own = displayWidth(word);
    const room = lines.length === 0 ? most - taken : most;
    if (line !== "" && width + 1 + own > room) {
      lines.push(line);
      line = word;
      width = own;
    } else {
      line = line === "" ? word : `${line} ${word}`;
      width = line === word ? own : width + 1 + own;
    }
  }
  return line === "" && lines.length > 0 ? lines : [...lines, line];
}

/** A number stays with its unit. */
const WORDS = /[^\s"]*"[^"]{1,50}"[^\s"]*(?!\S)|\d+ (?:ms|s|min|h|d|kB|MB|GB)\b\S*|\S+/g;

/** A text in pieces of at most `most` columns, broken wherever that is. */
export function fold(text: string, most: number): readonly string[] {
  if (displayWidth(text) <= most) return [text];
  const lines: string[] = [];
  let line = "";
  let width = 0;
  for (const char of text) {
    const own = widthOf(char);
    if (width + own > most && line !== "") {
      lines.push(line);
      line = "";
      width = 0;
    }
    line += char;
    width += own;
  }
  return [...lines, line];
}
