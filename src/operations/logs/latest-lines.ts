import { closeSync, fstatSync } from "node:fs";
import { LineTimes } from "../../lib/line-time.ts";
import { linesFromEnd, linesOf, readPieces } from "../../lib/lines-from-end.ts";
import { lastOf, type Row } from "../../lib/merge-lines.ts";
import { openForReading } from "../../lib/open-log.ts";
import { type RotatedLog, unpacked } from "../../lib/rotated-logs.ts";
import type { LineFilter } from "./line-filter.ts";
import type { OpenLog, ReadAsked, ReadLine } from "./reading.ts";

/** Lines that are kept at once, in characters; of more, only the place is. */
const MOST_KEPT = 64 * 1024 * 1024;

/** Lines of one file that were chosen. */
interface Part {
  readonly count: number;
  /** When the file was written to last, in ms since 1970. */
  readonly modifiedMs: number;
  readonly lines: () => Iterable<readonly string[]> | Row<string>;
}

/** The latest lines of a log that are accepted, at most `most`, in their order; those of rotated files as well. */
export async function* latestLines(
  log: OpenLog | undefined,
  rotated: () => readonly RotatedLog[],
  { most, filter, onProgress }: ReadAsked & { readonly most: number },
): AsyncGenerator<readonly ReadLine[]> {
  const opened: number[] = [];
  try {
    const parts: Part[] = [];
    let left = most;
    const add = (part: Part): void => {
      left -= part.count;
      parts.push(part);
    };
    if (log !== undefined && left > 0) add(latestOf(log, left, filter));
    for (const file of left > 0 ? rotated() : []) {
      if (left <= 0) break;
      onProgress(file.path);
      if (file.isPacked) {
        add(await latestOfPacked(file, left, filter));
        continue;
      }
      const older = openRotated(file.path);
      if (older === undefined) continue;
      opened.push(older.fd);
      add(latestOf(older, left, filter));
    }
    for (const part of parts.toReversed()) {
      const times = new LineTimes(() => part.modifiedMs);
      for await (const texts of part.lines()) {
        yield texts.map((text) => ({ text, timeMs: times.read(text) }));
      }
    }
  } finally {
    for (const fd of opened) closeSync(fd);
  }
}

/** Undefined: it is gone just now, or not to be read; what is younger is shown all the same. */
export function openRotated(path: string): OpenLog | undefined {
  try {
    const fd = openForReading(path);
    const { size, mtimeMs } = fstatSync(fd);
    return { fd, size, modifiedMs: mtimeMs };
  } catch {
    return undefined;
  }
}

/** From its end. What is too much to be kept is read again when it is asked for. */
function latestOf({ fd, size, modifiedMs }: OpenLog, most: number, filter: LineFilter): Part {
  const lines: string[] = [];
  let count = 0;
  let kept = 0;
  let from = 0;
  for (const { at, text } of linesFromEnd(fd, size, filter.mayHold)) {
    if (!filter.accepts(text)) continue;
    count += 1;
    kept += text.length;
    from = at;
    if (kept <= MOST_KEPT) lines.push(text);
    else lines.length = 0;
    if (count === most) break;
  }
  if (kept <= MOST_KEPT) return { count, modifiedMs, lines: () => [lines.toReversed()] };
  return {
    count,
    modifiedMs,
    lines: () => acceptedOf(linesOf(readPieces(fd, from, size)), filter),
  };
}

/** It can only be read from its beginning. */
async function latestOfPacked(
  { path, modifiedMs }: RotatedLog,
  most: number,
  filter: LineFilter,
): Promise<Part> {
  const latest = await lastOf(acceptedOf(linesOf(unpacked(path)), filter), most);
  return { count: latest.length, modifiedMs, lines: () => [latest] };
}

async function* acceptedOf(
  row: Row<string>,
  filter: LineFilter,
): AsyncGenerator<readonly string[]> {
  for await (const lines of row) yield lines.filter((line) => filter.accepts(line));
}
