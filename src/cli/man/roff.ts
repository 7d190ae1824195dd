/* man(7), as groff and mandoc read it: https://man.openbsd.org/man.7 */

/** Lines of a page. */
export type Roff = readonly string[];

/** How non-ASCII reaches a terminal depends on the machine's roff: these characters are replaced. */
const ASCII: Readonly<Record<string, string>> = { "…": "...", "“": '"', "”": '"', "’": "'" };

/** Characters that roff would interpret, or typeset as others. */
const SPECIAL: Readonly<Record<string, string>> = {
  "\\": String.raw`\e`,
  "-": String.raw`\-`,
  "'": String.raw`\(aq`,
  "`": String.raw`\(ga`,
  "^": String.raw`\(ha`,
  "~": String.raw`\(ti`,
};

/** A literal text, which can be copied from a terminal. */
export function plain(text: string): string {
  const ascii = text.replaceAll(/[^\0-\x7f]/g, (char) => ASCII[char] ?? char);
  const safe = ascii.replaceAll(/[\\\-'`^~]/g, (char) => SPECIAL[char] ?? char);
  return safe.startsWith(".") ? String.raw`\&${safe}` : safe;
}

/** Bold: what is typed literally. */
export function bold(text: string): string {
  return String.raw`\fB${plain(text)}\fR`;
}

/** Italic: what stands for something else. */
export function italic(text: string): string {
  return String.raw`\fI${plain(text)}\fR`;
}

/** A text in which what is between backticks is bold. */
export function prose(text: string): string {
  const parts = text.split("`").map((part, at) => (at % 2 === 1 ? bold(part) : plain(part)));
  const line = parts.join("");
  return line.startsWith(".") ? String.raw`\&${line}` : line;
}

/** Begins a page. `date`: as 2026-11-27. */
export function title(name: string, section: number, date: string, source: string): Roff {
  // Ragged right: no blanks are stretched, no words hyphenated.
  const head = `.TH "${plain(name.toUpperCase())}" "${section}" "${date}" "${plain(source)}"`;
  return [head, ".ad l", ".nh"];
}

/** A heading, which already begins a paragraph, and what is below it. */
export function section(name: string, ...body: readonly Roff[]): Roff {
  const [first = "", ...rest] = body.flat();
  return [`.SH "${plain(name)}"`, ...(first === ".PP" ? [] : [first]), ...rest];
}

/** Paragraphs. */
export function paragraphs(...texts: readonly string[]): Roff {
  return texts.flatMap((text) => [".PP", prose(text)]);
}

/** An item of a list: `head` is roff, the rest are paragraphs. */
export function item(head: string, ...texts: readonly string[]): Roff {
  const [first = "", ...more] = texts;
  return [".TP", head, prose(first), ...more.flatMap((text) => [".IP", prose(text)])];
}

/** Lines that stay as they are. */
export function code(text: string): Roff {
  const lines = text.split("\n").map((line) => plain(line));
  return [
    ".PP",
    ".RS 4",
    ".nf",
    ...lines.map((line) => (line === "" ? ".sp" : line)),
    ".fi",
    ".RE",
  ];
}

/** A text as a sentence. The names of our programs keep their first letter. */
export function sentence(text: string): string {
  const first = text.startsWith("usrsvc") ? "u" : text.charAt(0).toUpperCase();
  return `${first}${text.slice(1)}${/[.…]$/.test(text) ? "" : "."}`;
}
