import { closeSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { read } from "../lib/lines-from-end.ts";
import { openFile } from "../lib/read-file.ts";
import {
  historyFile,
  historyFolder,
  type HistoryLine,
  historyPath,
  olderPath,
  parseLine,
} from "./history.ts";
import type { StateDir } from "./state-dir.ts";

/** A history, read from its end: the latest lines of a hundred are there at once. */
export interface HistoryTail {
  /** Its lines, the youngest first; read as far as they are asked for. What cannot be read is left out. */
  readonly lines: Generator<HistoryLine, undefined>;
  /** Its file, and how large it was; undefined: it was not there. */
  readonly end: { readonly id: string; readonly at: number } | undefined;
}

/** What is read at first, in bytes: the latest lines. */
const FIRST_BYTES = 4096;
/** Nothing is larger: a file is rolled at 64 KiB, after the lines that are written at once. */
const MOST_BYTES = 4 * 1024 * 1024;
/** A file that was rolled, and perhaps that of a program with such a name. */
const ROLLED = /\.1\.jsonl$/;

/** The history of a program; undefined: of usrsvcd. */
export function historyTail(dir: StateDir, program: string | undefined): HistoryTail {
  const isOwn = (line: HistoryLine): boolean => program === undefined || line.program === program;
  return tailOf(historyPath(dir, program), isOwn);
}

/** True where something is known to have happened to a program. */
export function hasHistory(state: StateDir, program: string): boolean {
  return historyTail(state, program).lines.next().done !== true;
}

/** All histories of programs, configured or not, by the names of their files. */
export function allHistoryTails(dir: StateDir): ReadonlyMap<string, HistoryTail> {
  const tails = new Map<string, HistoryTail>();
  const add = (file: string): void => {
    const path = join(historyFolder(dir), file);
    tails.set(
      file,
      tailOf(path, (line) => isIn(file, line)),
    );
  };
  const files = new Set(historyFiles(dir));
  const records = new Set(listOf(dir.programs));
  for (const file of files) {
    const rolledFrom = ROLLED.test(file) ? file.replace(ROLLED, ".jsonl") : undefined;
    if (rolledFrom === undefined || !files.has(rolledFrom)) add(file);
    // Or it is of a program with such a name, which has a record as well.
    else if (records.has(file.replace(/l$/, ""))) add(file);
    // Not written to since it was rolled.
    if (rolledFrom !== undefined && !files.has(rolledFrom)) add(rolledFrom);
  }
  return tails;
}

/** True if the line belongs into the file of this name: what was rolled does not, and is read with what it was rolled from. */
export function isIn(file: string, { program }: HistoryLine): boolean {
  return program !== undefined && historyFile(program) === file;
}

/** The files of that folder. */
export function historyFiles(dir: StateDir): readonly string[] {
  return listOf(historyFolder(dir)).filter((file) => file.endsWith(".jsonl"));
}

function listOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function tailOf(path: string, isOwn: (line: HistoryLine) => boolean): HistoryTail {
  const last = readBefore(path, undefined);
  return { lines: linesOf(path, last, isOwn), end: last && { id: last.id, at: last.size } };
}

function* linesOf(
  path: string,
  last: Piece | undefined,
  isOwn: (line: HistoryLine) => boolean,
): Generator<HistoryLine, undefined> {
  for (const one of [path, olderPath(path)]) {
    let piece = one === path ? last : readBefore(one, undefined);
    while (piece !== undefined) {
      for (const text of piece.lines) {
        const line = parseLine(text);
        if (line === undefined) continue;
        // One line tells whose file it is: all others are the same program's.
        if (!isOwn(line)) return;
        yield line;
      }
      piece = piece.begin === 0 ? undefined : readBefore(one, piece);
    }
  }
}

/** Whole lines of a file. */
interface Piece {
  readonly id: string;
  readonly size: number;
  /** Where the first of them begins, in bytes. */
  readonly begin: number;
  /** The youngest first. */
  readonly lines: Iterable<string>;
}

/** Those at its end, or all before those of another piece. Undefined: it cannot be read, or was rolled meanwhile. */
function readBefore(path: string, after: Piece | undefined): Piece | undefined {
  try {
    const { fd, stat } = openFile(path, { followsLinks: false, owner: "us" });
    try {
      const id = `${stat.dev}:${stat.ino}`;
      if (after !== undefined && after.id !== id) return undefined;
      const end = after?.begin ?? stat.size;
      const length = Math.min(end, after === undefined ? FIRST_BYTES : MOST_BYTES);
      const bytes = read(fd, end - length, length);
      // Half a line at the beginning is read with what is before it.
      const half = length === end || after !== undefined ? 0 : bytes.indexOf(10) + 1;
      const begin = after === undefined ? end - length + half : 0;
      return { id, size: stat.size, begin, lines: reversedLines(bytes.toString("utf8", half)) };
    } finally {
      closeSync(fd);
    }
  } catch {
    return undefined;
  }
}

/** Only as many as are asked for are cut off. */
function* reversedLines(text: string): Generator<string> {
  let end = text.length;
  while (end > 0) {
    const begin = text.lastIndexOf("\n", end - 1);
    yield text.slice(begin + 1, end);
    end = begin;
  }
}
