import type { LineTimes } from "./line-time.ts";
import { LineSplitter } from "./line-splitter.ts";
import { read } from "./lines-from-end.ts";

/** Below this, a file is read from its begin rather than searched, in bytes; lines may also be a little out of order. */
const SLACK = 256 * 1024;
/** How far a line with a time is looked for, in bytes: a stack trace or a dump may be in between. */
const FARTHEST = 4 * 1024 * 1024;
const STEP = 64 * 1024;

/**
 * Where in a file to begin to read for lines of a time or later, in bytes: some of what is before it, since lines
 * may be out of order. By halves: of 10 GB some twenty pieces are read.
 */
export function placeOfTime(fd: number, size: number, sinceMs: number, times: LineTimes): number {
  let low = 0; // begins before it, or is the first
  let high = size;
  while (high - low > SLACK) {
    const middle = low + Math.floor((high - low) / 2);
    const ms = timeAfter(fd, middle, high, times);
    if (ms === undefined || ms >= sinceMs) high = middle;
    else low = middle;
  }
  const from = Math.max(0, low - SLACK);
  return from === 0 ? 0 : lineBeginAfter(fd, from, size);
}

/** The time of the first line with one that begins after this place. */
function timeAfter(fd: number, from: number, to: number, times: LineTimes): number | undefined {
  const splitter = new LineSplitter();
  let isFirst = true; // half a line
  for (let at = from; at < Math.min(to, from + FARTHEST); at += STEP) {
    const bytes = read(fd, at, STEP);
    for (const line of splitter.push(bytes)) {
      const ms = isFirst ? undefined : times.read(line);
      isFirst = false;
      if (ms !== undefined) return ms;
    }
    if (bytes.length < STEP) return undefined;
  }
  return undefined;
}

function lineBeginAfter(fd: number, from: number, size: number): number {
  for (let at = from; at < size; at += STEP) {
    const found = read(fd, at, STEP).indexOf(10);
    if (found >= 0) return at + found + 1;
  }
  return size;
}
