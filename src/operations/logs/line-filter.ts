import { stripVTControlCharacters } from "node:util";

/** Which lines of a log are wanted. */
export interface LineFilter {
  /** True for a line that is. */
  readonly accepts: (line: string) => boolean;
  /** False for a part of a log that has certainly none: cheaper than to look at each line. */
  readonly mayHold: (bytes: Buffer) => boolean;
}

/** Those in which an expression is found, colours left aside; undefined: all. */
export function lineFilter(regex: RegExp | undefined): LineFilter {
  if (regex === undefined) return { accepts: () => true, mayHold: () => true };
  const plain = (line: string): string =>
    line.includes("\u001b") ? stripVTControlCharacters(line) : line;
  const accepts = (line: string): boolean => regex.test(plain(line));
  const isLiteral = /^[\w ,:;@#%&=<>'"~!-]+$/.test(regex.source) && !regex.ignoreCase;
  if (!isLiteral) return { accepts, mayHold: () => true };
  const words = Buffer.from(regex.source);
  // A colour may begin within them.
  return { accepts, mayHold: (bytes) => bytes.includes(words) || bytes.includes("\u001b[") };
}
