import { closeSync, fstatSync } from "node:fs";
import { LineTimes } from "../../lib/line-time.ts";
import { lastLineBegin, linesFromEnd } from "../../lib/lines-from-end.ts";
import type { Row } from "../../lib/merge-lines.ts";
import { openForReading } from "../../lib/open-log.ts";
import { rotatedLogs } from "../../lib/rotated-logs.ts";
import { latestLines } from "./latest-lines.ts";
import type { LineFilter } from "./line-filter.ts";
import { linesSince } from "./lines-since.ts";

/** A line of a log. */
export interface ReadLine {
  readonly text: string;
  /** Its own time, in ms since 1970; undefined: it has none. */
  readonly timeMs: number | undefined;
}

/** What is wanted of a log. */
export interface ReadAsked {
  readonly filter: LineFilter;
  /** The latest, at most; undefined: all since `sinceMs`. */
  readonly most: number | undefined;
  /** In ms since 1970. */
  readonly sinceMs: number | undefined;
  /** True: a last line without a line feed is left out, since the rest of it is to come. */
  readonly isFollowed: boolean;
  /** True for the log of another program, which only has a similar name. */
  readonly isOthers: (path: string) => boolean;
  /** What is read, for who waits: it may be large. */
  readonly onProgress: (path: string) => void;
}

/** What was found. */
export interface LogRead {
  /** In their order. To be read to the end. */
  readonly lines: Row<ReadLine>;
  /** Up to where the file was read; undefined: it is not there. */
  readonly end: { readonly id: string; readonly at: number } | undefined;
  /** When it was written to last, in ms since 1970; stands in for times that lines do not have. */
  readonly modifiedMs: number;
  /** `sinceMs` says nothing here: no line has a time that is understood. */
  readonly hasNoTimes: boolean;
}

/** A log that is open, and how much of it counts, in bytes. */
export interface OpenLog {
  readonly fd: number;
  readonly size: number;
  /** When it was written to last, in ms since 1970. */
  readonly modifiedMs: number;
}

/** Number of lines that are shown of a log, unless another number, or a time, is asked for. */
export const USUAL_LINES = 20;
/** Lines at the end of a log one of which has to have a time. */
const SAMPLE = 2000;

/**
 * The latest lines of a log, or those since a time. Where it has not enough of them, also those of the files that it was
 * rotated to.
 *
 * @throws {ForeignFile} and what Node throws
 */
export function readLog(path: string, asked: ReadAsked): LogRead {
  const fd = openIfThere(path);
  if (fd === undefined) {
    // Rotated, and not made again yet; or never there.
    const lines = chosenLines(path, undefined, asked);
    return { lines, end: undefined, modifiedMs: 0, hasNoTimes: false };
  }
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw new Error(`${path} is not a file`);
    const size = asked.isFollowed ? lastLineBegin(fd, stat.size) : stat.size;
    const end = { id: `${stat.dev}:${stat.ino}`, at: size };
    const { sinceMs, most = USUAL_LINES } = asked;
    const isUntimed = sinceMs !== undefined && size > 0 && !hasTimes(fd, size);
    const isOld = isUntimed && stat.mtimeMs < sinceMs;
    const reading = isUntimed ? { ...asked, sinceMs: undefined, most: isOld ? 0 : most } : asked;
    const lines = chosenLines(path, { fd, size, modifiedMs: stat.mtimeMs }, reading);
    return { lines, end, modifiedMs: stat.mtimeMs, hasNoTimes: isUntimed && !isOld };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function openIfThere(path: string): number | undefined {
  try {
    return openForReading(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function hasTimes(fd: number, size: number): boolean {
  const times = new LineTimes();
  let left = SAMPLE;
  for (const { text } of linesFromEnd(fd, size)) {
    if (times.read(text) !== undefined) return true;
    left -= 1;
    if (left === 0) break;
  }
  return false;
}

async function* chosenLines(
  path: string,
  log: OpenLog | undefined,
  asked: ReadAsked,
): AsyncGenerator<readonly ReadLine[]> {
  const { sinceMs, most, isOthers } = asked;
  try {
    const rotated = (): ReturnType<typeof rotatedLogs> => rotatedLogs(path, isOthers);
    if (sinceMs !== undefined) yield* linesSince(log, rotated(), { ...asked, sinceMs });
    else yield* latestLines(log, rotated, { ...asked, most: most ?? USUAL_LINES });
  } finally {
    if (log !== undefined) closeSync(log.fd);
  }
}
