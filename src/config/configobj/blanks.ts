/**
 * Whether a UTF-16 unit is a blank as Python's `str.isspace` and `\s` have it: U+001C to U+001F and
 * U+0085 count, U+FEFF does not. JavaScript's `\s` and `trim` differ in both.
 */
export function isBlank(code: number): boolean {
  if (code < 0x80) return code === 0x20 || (code >= 9 && code <= 13) || (code >= 28 && code <= 31);
  if (code < 0x1680) return code === 0x85 || code === 0xa0;
  return (
    code === 0x1680 ||
    (code >= 0x2000 && code <= 0x200a) ||
    code === 0x2028 ||
    code === 0x2029 ||
    code === 0x202f ||
    code === 0x205f ||
    code === 0x3000
  );
}

/** The first position from `from` on that is not a blank; the length of `text` if there is none. */
export function skipBlanks(text: string, from: number): number {
  let at = from;
  while (at < text.length && isBlank(text.charCodeAt(at))) at++;
  return at;
}

/** `text` without the blanks at its end, as Python's `rstrip` does it. */
export function trimEndBlanks(text: string): string {
  let end = text.length;
  while (end > 0 && isBlank(text.charCodeAt(end - 1))) end--;
  return end === text.length ? text : text.slice(0, end);
}

/** `text` without the blanks around it, as Python's `strip` does it. */
export function trimBlanks(text: string): string {
  if (/^[!-~](.*[!-~])?$/s.test(text)) return text;
  return trimEndBlanks(text.slice(skipBlanks(text, 0)));
}
