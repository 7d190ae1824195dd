import { fstatSync, readSync } from "node:fs";
import { LineSplitter, lineText, LONGEST_LINE } from "./line-splitter.ts";

/** One line, and where in the file it begins. */
export interface PlacedLine {
  readonly at: number;
  readonly text: string;
}

/** What is read at first, for a few lines, and after that, in bytes. */
const FIRST_STEP = 64 * 1024;
const STEP = 1024 * 1024;
const LINE_FEED = 10;

/**
 * The lines of the first `size` bytes of a file, the last one first. Read in steps from the end: the last lines of
 * 10 GB are there at once.
 *
 * A hole, which is left when a log is truncated under a program that does not append, counts as the beginning.
 *
 * @param mayHold false: none of these bytes belongs to a line that is wanted, so none that is wholly in them is given
 */
export function* linesFromEnd(
  fd: number,
  size: number,
  mayHold: (bytes: Buffer) => boolean = () => true,
): Generator<PlacedLine> {
  if (size === 0) return;
  const { blocks, size: all } = fstatSync(fd);
  const mayHaveHoles = blocks * 512 < all;
  let step = FIRST_STEP;
  let begin = size; // of what was read last
  let bytes: Buffer = Buffer.alloc(0);
  const line = (at: number, end: number): PlacedLine => {
    const isHere = at >= begin && end <= begin + bytes.length;
    const length = Math.min(end - at, LONGEST_LINE);
    const here = isHere ? bytes.subarray(at - begin, at - begin + length) : read(fd, at, length);
    const isHole = here[0] === 0 && here.length === LONGEST_LINE;
    if (isHole && here.every((byte) => byte === 0)) {
      const skipped = afterNuls(fd, at, end);
      return { at, text: lineText(read(fd, skipped, Math.min(end - skipped, LONGEST_LINE)), 0) };
    }
    return { at, text: lineText(here, end - at - length) };
  };
  // A line feed at the very end begins no further line.
  let end = read(fd, size - 1, 1)[0] === LINE_FEED ? size - 1 : size;
  for (;;) {
    const last = Math.min(end - 1 - begin, bytes.length - 1);
    const found = last < 0 ? -1 : bytes.lastIndexOf(LINE_FEED, last);
    if (found >= 0) {
      yield line(begin + found + 1, end);
      end = begin + found;
      continue;
    }
    if (begin === 0) {
      yield line(0, end);
      return;
    }
    const length = Math.min(step, begin);
    step = STEP;
    begin -= length;
    bytes = read(fd, begin, length);
    if (mayHaveHoles && bytes.length === STEP && isNul(bytes)) {
      yield line(begin, end);
      return;
    }
    if (mayHold(bytes)) continue;
    const from = bytes.lastIndexOf(LINE_FEED, Math.min(end - 1 - begin, bytes.length - 1));
    const first = bytes.indexOf(LINE_FEED);
    if (from < 0) continue;
    yield line(begin + from + 1, end); // its end is in what was read before
    end = begin + first;
  }
}

/** Where the last line begins that has no line feed yet, in bytes; `size`, if all have one. */
export function lastLineBegin(fd: number, size: number): number {
  if (size === 0 || read(fd, size - 1, 1)[0] === LINE_FEED) return size;
  for (const { at } of linesFromEnd(fd, size)) return at;
  return size;
}

/** What is in a file from a place to another, in steps. */
export function* readPieces(fd: number, from: number, to: number): Generator<Buffer> {
  for (let at = from; at < to;) {
    const bytes = read(fd, at, Math.min(STEP, to - at));
    if (bytes.length === 0) return; // truncated meanwhile
    at += bytes.length;
    yield bytes;
  }
}

/** The lines of what is read, in their order; those of a piece together, since to wait for each takes longer than to read it. */
export async function* linesOf(
  pieces: Iterable<Buffer> | AsyncIterable<Buffer>,
): AsyncGenerator<readonly string[]> {
  const splitter = new LineSplitter();
  for await (const piece of pieces) yield splitter.push(piece);
  const last = splitter.flush();
  if (last !== undefined) yield [last];
}

function afterNuls(fd: number, from: number, to: number): number {
  for (let at = from; at < to;) {
    const bytes = read(fd, at, Math.min(STEP, to - at));
    if (bytes.length === 0) return to;
    if (!isNul(bytes)) {
      return at + bytes.findIndex((byte) => byte !== 0);
    }
    at += bytes.length;
  }
  return to;
}

function isNul(bytes: Buffer): boolean {
  return bytes.equals(Buffer.alloc(bytes.length));
}

/** As much of it as is there. */
export function read(fd: number, at: number, length: number): Buffer {
  const buffer = Buffer.allocUnsafe(length);
  let filled = 0;
  for (let got = -1; got !== 0 && filled < length; filled += got) {
    got = readSync(fd, buffer, filled, length - filled, at + filled);
  }
  return buffer.subarray(0, filled);
}
