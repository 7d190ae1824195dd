import { parseConfigobj } from "../../config/configobj/configobj.ts";

/*
 * How what other managers say is written in a file of ours, so that it means the same.
 */

/** The key of [DEFAULT] that holds a %, for what would be read as a reference. */
export const PERCENT = "percent";

/** A text that has no references: `%(x)s` in it is meant as it is, also where what follows it would complete one. */
export function literal(text: string): string {
  return text.replaceAll("%(", `%(${PERCENT})s(`);
}

/** A word of a command, quoted so that a shell reads it as we do. */
export function word(text: string): string {
  const bare = text.replaceAll(/%\(\w+\)s/g, "");
  if (text !== "" && /^[\w/.:@%+,=-]*$/.test(bare)) return text;
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** Words of a command, none of which has references. */
export function commandOf(words: readonly string[]): string {
  return words.map((one) => word(literal(one))).join(" ");
}

/** A shell line as one command, which runs whether the program has a shell or not. */
export function shellCommand(line: string): string {
  return `/bin/sh -c ${word(line)}`;
}

/** A value as the right side of `key = value`; undefined for what cannot be written there. */
export function writeValue(text: string): string | undefined {
  // Quotes in quotes would be read as well, but not by people.
  const ways = [
    text,
    ...['"', "'", '"""', "'''"].filter((one) => !text.includes(one)).map((one) => one + text + one),
  ];
  return ways.find((written) => {
    const { root, faults } = parseConfigobj(`[x]\nkey = ${written}\n`);
    const [section, ...more] = [...root.sections.values()];
    const entry = section?.entries.get("key");
    const isAlone = more.length === 0 && section?.entries.size === 1 && root.entries.size === 0;
    return isAlone && faults.length === 0 && entry?.text === text && !entry.isCutAtHash;
  });
}

/** A time for our file: in seconds where they are whole, else in ms. */
export function timeOf(ms: number): string {
  return ms % 1000 === 0 ? String(ms / 1000) : `${Math.round(ms)}ms`;
}
