import { parseConfigobj } from "./configobj/configobj.ts";
import { splitWords } from "./shell/words.ts";

/*
 * Settings as lines of a file. What is written is read again, by the same reader, before it is believed: the dialect
 * has no escapes, and so not every text can be written.
 */

/** `key = value`, in quotes where it takes them; undefined for a text that no line of a file can give. */
export function printPair(key: string, value: string): string | undefined {
  // It would be taken for a reference to another key, and nothing can prevent that.
  if (/%\([^)]*\)s/s.test(value)) return undefined;
  return writings(value)
    .map((written) => `${key} = ${written}`)
    .find((line) => isReadAs(line, key, value));
}

/** Bare if it can be; then in quotes that it does not contain; three of them can hold line breaks. */
function writings(value: string): readonly string[] {
  // An empty value is as good as none to most keys, but a variable can be empty.
  if (value === "") return ['""'];
  const all = ['"', "'", '"""', "'''"];
  const [fit, rest] = [true, false].map((isFit) =>
    all.filter((one) => value.includes(one) !== isFit),
  );
  return [value, ...[...(fit ?? []), ...(rest ?? [])].map((quote) => quote + value + quote)];
}

function isReadAs(line: string, key: string, value: string): boolean {
  const { root, faults } = parseConfigobj(`[x]\n${line}\n`);
  const section = root.sections.get("x");
  const entry = section?.entries.get(key);
  if (faults.length > 0 || section?.entries.size !== 1 || entry === undefined) return false;
  // A comment that was meant, or a list, reads the same and would be warned of.
  return entry.text === value && !entry.isCutAtHash && root.sections.size === 1;
}

/**
 * Words as a `command`, which `splitWords` takes apart again. What could be taken for something else by the file
 * (a reference, the home folder, an `&` at the end) is in quotes, or cut by them.
 */
export function printCommand(words: readonly string[]): string | undefined {
  const text = words.map(quoteWord).join(" ");
  const again = splitWords(text);
  const isSame =
    "words" in again &&
    again.words.length === words.length &&
    again.words.every((word, index) => word === words[index]);
  return isSame ? text : undefined;
}

function quoteWord(word: string): string {
  if (/^[\w/.:@%+=,-]+$/.test(word)) return word;
  const quoted = word.includes("'") && !/["\\]/.test(word) ? `"${word}"` : inSingleQuotes(word);
  const [mark = "'"] = quoted;
  return quoted.replaceAll("%(", `%${mark}${mark}(`);
}

function inSingleQuotes(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** A text as comments, each line of it in as many as fit in `width` columns. */
export function printComment(text: string, indent = "", width = 80): readonly string[] {
  const lines: string[] = [];
  let line = `${indent}#`;
  for (const word of text.split(/\s+/)) {
    if (line.length + 1 + word.length > width && !line.endsWith("#")) {
      lines.push(line);
      line = `${indent}#`;
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}

/** A regular expression (Python's syntax) that fits this text and no other. */
export function exactExpression(text: string): string {
  return `^${text.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`)}$`;
}
