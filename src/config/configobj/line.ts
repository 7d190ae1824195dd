import { isBlank, skipBlanks, trimEndBlanks } from "./blanks.ts";
import { unquote } from "./value.ts";

/** `[[name]]`, with as many brackets as were counted on either side. */
export interface Header {
  readonly name: string;
  readonly opened: number;
  readonly closed: number;
}

/** Reads a line whose first character but blanks is `[` (at `from`); undefined: it is not a header. */
export function readHeader(line: string, from: number): Header | undefined {
  const plain = PLAIN_HEADER.exec(line);
  if (plain) {
    const [, open = "", name = "", close = ""] = plain;
    return { name, opened: open.length, closed: close.length };
  }
  let opened = 0;
  let lastOpened = from;
  let start = from;
  while (line[start] === "[") {
    opened++;
    lastOpened = start;
    start = skipBlanks(line, start + 1);
  }
  const end =
    line[start] === '"' || line[start] === "'" ? quotedEnd(line, start) : nameEnd(line, start);
  if (end >= 0) return header(line, start, end, opened);
  // As in 1.x, a name may begin with a bracket if nothing else fits: `[[]` and `[["a]`.
  const bracketEnd = opened > 1 ? nameEnd(line, lastOpened) : -1;
  return bracketEnd < 0 ? undefined : header(line, lastOpened, bracketEnd, opened - 1);
}

/** Nothing but word characters, dots, dashes and colons between brackets: nearly every header. */
const PLAIN_HEADER = /^[ \t]*(\[+)([\w.:-]+)(\]+)$/;

function header(line: string, start: number, end: number, opened: number): Header {
  return { name: unquote(line.slice(start, end)), opened, closed: tail(line, end).closed };
}

/** Where a name without quotes ends, or -1: at the first `]` after which nothing else follows. */
function nameEnd(line: string, start: number): number {
  if (start >= line.length) return -1;
  for (let at = start + 1; at < line.length;) {
    const { closed, end, ok } = tail(line, at);
    if (ok && closed > 0) return at;
    at = end > at ? end : at + 1;
  }
  return -1;
}

/** Where a quoted name ends (after its quote), or -1; it must contain more than blanks. */
function quotedEnd(line: string, start: number): number {
  const quote = line[start] ?? "";
  const solid = skipBlanks(line, start + 1);
  for (let at = line.indexOf(quote, solid + 1); at > 0; at = line.indexOf(quote, at + 1)) {
    const { closed, ok } = tail(line, at + 1);
    if (ok && closed > 0) return at + 1;
  }
  return -1;
}

/** Skips closing brackets and blanks; `ok` if the line ends there, or a comment begins. */
function tail(line: string, from: number): { closed: number; end: number; ok: boolean } {
  let closed = 0;
  let end = from;
  for (; end < line.length; end++) {
    if (line[end] === "]") closed++;
    else if (!isBlank(line.charCodeAt(end))) break;
  }
  return { closed, end, ok: end === line.length || line[end] === "#" };
}

/** `key = value`, the value as written, without leading blanks. */
export interface Pair {
  readonly key: string;
  readonly value: string;
}

/** Reads a line whose first character but blanks is at `from`; undefined: it is not a pair. */
export function readPair(line: string, from: number): Pair | undefined {
  const first = line[from];
  const isQuoted = first === '"' || first === "'";
  if (!isQuoted && first !== "=") {
    const equals = line.indexOf("=", from);
    return equals < 0 ? undefined : pair(line, trimEndBlanks(line.slice(from, equals)), equals);
  }
  if (isQuoted) {
    for (let at = line.indexOf(first, from + 1); at > 0; at = line.indexOf(first, at + 1)) {
      const equals = skipBlanks(line, at + 1);
      if (line[equals] === "=") return pair(line, line.slice(from, at + 1), equals);
    }
  }
  // As in 1.x, the key of an indented line begins with a blank if nothing else fits.
  const equals = from > 0 ? line.indexOf("=", from) : -1;
  if (equals < 0) return undefined;
  return pair(line, line.slice(from - 1, from) + trimEndBlanks(line.slice(from, equals)), equals);
}

function pair(line: string, key: string, equals: number): Pair {
  return { key: unquote(key), value: line.slice(skipBlanks(line, equals + 1)) };
}
