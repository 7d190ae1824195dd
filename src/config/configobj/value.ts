import { skipBlanks, trimEndBlanks } from "./blanks.ts";

/** The right side of `key = value`, read both as 1.x reads it and as we do. */
export interface ConfigValue {
  /** The value as one text: without comment, and without quotes where they enclose all of it. */
  readonly text: string;
  /** The items, where commas outside of quotes make the value a list; undefined: it is one text. */
  readonly list: readonly string[] | undefined;
  /** There are commas, but not as in a list (`a,, b`): valid as one text only. */
  readonly isBrokenList: boolean;
  /** A `#` without a blank before it began the comment: perhaps it was meant as part of the value. */
  readonly isCutAtHash: boolean;
}

/**
 * Reads what follows the `=` of a line, without leading blanks.
 *
 * ConfigObj reads a value with one regular expression that backtracks (24 items after an open quote
 * took it 13 s). This finds what that expression finds, in one pass from the right.
 *
 * @returns undefined when an opening quote is not closed at the end of the value
 */
export function readValue(text: string): ConfigValue | undefined {
  if (!/["'#,]/.test(text)) return plain(trimEndBlanks(text), false);
  if (text.includes(",") || isQuote(text[0])) return readItems(text);
  return cutComment(text, false);
}

/** Removes the comment of a value that does not begin with a quote. */
function cutComment(text: string, isBrokenList: boolean): ConfigValue {
  const hash = text.indexOf("#");
  if (hash < 0) return plain(trimEndBlanks(text), isBrokenList);
  const value = trimEndBlanks(text.slice(0, hash));
  const isCutAtHash = value.length === hash && hash > 0;
  return { text: value, list: undefined, isBrokenList, isCutAtHash };
}

function plain(text: string, isBrokenList: boolean): ConfigValue {
  return { text, list: undefined, isBrokenList, isCutAtHash: false };
}

/** A value is any number of `item ,` and a last item, which may be missing. */
function readItems(text: string): ConfigValue | undefined {
  const map = mapValue(text);
  if (!map.matches[0]) {
    if (text[0] === "," && map.ends(1)) return { ...plain(",", false), list: [] };
    return isQuote(text[0]) ? undefined : cutComment(text, true);
  }
  let start = 0;
  for (let next = map.itemEnd[0] ?? 0; next > 0; next = map.itemEnd[start] ?? 0) start = next;
  const last = text.slice(start, map.lastEnd(start));
  if (start === 0) {
    const isCutAtHash = text[last.length] === "#" && last !== "" && !isQuote(text[0]);
    return { ...plain(unquote(last), false), isCutAtHash };
  }
  const list = splitItems(text, start, map);
  if (list === undefined) return isQuote(text[0]) ? undefined : cutComment(text, true);
  if (last !== "") list.push(unquote(last));
  const end = start + last.length;
  const raw = trimEndBlanks(text.slice(0, end));
  return {
    text: raw,
    list,
    isBrokenList: false,
    isCutAtHash: raw.length === end && text[end] === "#",
  };
}

/** What can follow at each position of a value. */
interface ValueMap {
  /** The rest from here on can be read. */
  readonly matches: Uint8Array;
  /** Where the next item begins, if an item and its comma are here; else 0. */
  readonly itemEnd: Int32Array;
  /** The comma after the closing quote of an item that begins here with a quote; else -1. */
  readonly quotedComma: Int32Array;
  /** Whether nothing but blanks and a comment follow. */
  ends(at: number): boolean;
  /** The end of a last item that begins here. */
  lastEnd(at: number): number;
}

function mapValue(text: string): ValueMap {
  const { length } = text;
  const matches = new Uint8Array(length + 1);
  const itemEnd = new Int32Array(length + 1);
  const quotedComma = new Int32Array(length + 1).fill(-1);
  const closing = new Int32Array(length + 1).fill(-1);
  const solid = new Int32Array(length + 2).fill(length);
  /** For each comma, where reading continues after it; 0: it cannot. */
  const after = new Int32Array(length + 1);
  const ends = (at: number): boolean => {
    const next = solid[at] ?? length;
    return next === length || text[next] === "#";
  };
  // The nearest position to the right: of a comma with no # before it; for each kind of quote, of the
  // one that has a comma behind it, of the one from which the reading can go on, and of the one that
  // ends the value.
  let comma = -1;
  const nearest = {
    '"': { comma: -1, item: 0, end: -1 },
    "'": { comma: -1, item: 0, end: -1 },
  };
  matches[length] = 1;
  for (let at = length - 1; at >= 0; at--) {
    const char = text[at] ?? "";
    const isSolid = skipBlanks(char, 0) === 0;
    solid[at] = isSolid ? at : (solid[at + 1] ?? length);
    if (char === '"' || char === "'") {
      const quote = nearest[char];
      quotedComma[at] = quote.comma;
      closing[at] = quote.end;
      itemEnd[at] = quote.item;
      matches[at] = quote.item > 0 || quote.end >= 0 ? 1 : 0;
      const next = solid[at + 1] ?? length;
      if (text[next] === ",") {
        quote.comma = next;
        if (after[next]) quote.item = after[next];
      }
      if (ends(at + 1)) quote.end = at;
    } else if (char === ",") {
      comma = at;
      const next = solid[at + 1] ?? length;
      if (matches[next]) after[at] = next;
      // A blank after a comma may begin an item that could not begin with what follows the blank.
      else if (next > at + 1 && matches[next - 1]) after[at] = next - 1;
    } else if (char === "#") {
      comma = -1;
      matches[at] = 1;
    } else {
      itemEnd[at] = comma < 0 ? 0 : (after[comma] ?? 0);
      matches[at] = itemEnd[at] || (isSolid && comma < 0) || ends(at) ? 1 : 0;
    }
  }
  const lastEnd = (at: number): number => {
    if (isQuote(text[at])) return (closing[at] ?? at) + 1;
    if (ends(at)) return at;
    const hash = text.indexOf("#", at);
    return at + trimEndBlanks(text.slice(at, hash < 0 ? length : hash)).length;
  };
  return { matches, itemEnd, quotedComma, ends, lastEnd };
}

/** Splits the items that a comma follows; undefined if one of them is empty. */
function splitItems(text: string, end: number, map: ValueMap): string[] | undefined {
  const items: string[] = [];
  for (let start = 0; start < end;) {
    let comma = isQuote(text[start]) ? (map.quotedComma[start] ?? -1) : -1;
    if (comma < 0 || comma >= end) comma = text.indexOf(",", start);
    const item = trimEndBlanks(text.slice(start, comma));
    if (item === "") return undefined;
    items.push(unquote(item));
    start = skipBlanks(text, comma + 1);
  }
  return items;
}

/** Removes a pair of quotes that encloses `text`. */
export function unquote(text: string): string {
  return isQuote(text[0]) && text[0] === text.at(-1) ? text.slice(1, -1) : text;
}

function isQuote(char: string | undefined): boolean {
  return char === '"' || char === "'";
}
