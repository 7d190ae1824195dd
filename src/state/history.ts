import { closeSync, constants, openSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";
import { makePrivateFolder, setMode } from "../lib/private-file.ts";
import { checkStateDir, fileStem, type StateDir } from "./state-dir.ts";

/*
 * What happened to each program, one JSON object a line, oldest first: history/NAME.jsonl. A file of more than 64 KiB
 * is rolled to NAME.1.jsonl, so that a program that ends over and over pushes out nobody else's past. It needs neither
 * the log nor the journal, and outlasts the boot.
 */

/** One thing that happened. The other keys are those of its line in the log. */
export interface HistoryLine {
  /** ISO time. */
  readonly time: string;
  readonly level: string;
  readonly event: string;
  /** Undefined: it happened to usrsvcd. */
  readonly program?: string | undefined;
  readonly msg: string;
  readonly [key: string]: unknown;
}

/** A file is rolled at this size, in bytes. */
const ROLL_BYTES = 64 * 1024;
/** Of usrsvcd itself; the stem of no program, since those have no dot in front. */
const DAEMON_FILE = "daemon.jsonl";

/** Folder of the histories of programs. */
export function historyFolder(dir: StateDir): string {
  return join(dir.path, "history");
}

/** Name of the file in that folder. */
export function historyFile(program: string): string {
  return `${fileStem(program)}.jsonl`;
}

/** The history of a program; undefined: of usrsvcd. */
export function historyPath(dir: StateDir, program: string | undefined): string {
  return program === undefined
    ? join(dir.path, DAEMON_FILE)
    : join(historyFolder(dir), historyFile(program));
}

/** Where a history was rolled to. */
export function olderPath(path: string): string {
  return path.replace(/\.jsonl$/, ".1.jsonl");
}

/** Lines of one program; undefined: of usrsvcd. */
export type NewLines = readonly [program: string | undefined, lines: readonly HistoryLine[]];

/**
 * Adds lines to the history of a program, in one write.
 *
 * @throws what the file system says, and where the state folder is not ours
 */
export function addHistory(
  dir: StateDir,
  program: string | undefined,
  lines: readonly HistoryLine[],
): void {
  prepare(dir, program !== undefined);
  append(historyPath(dir, program), lines);
}

/** The same for several, of which some may fail: those lines are lost. */
export function addHistories(dir: StateDir, all: readonly NewLines[]): void {
  try {
    prepare(
      dir,
      all.some(([program]) => program !== undefined),
    );
  } catch {
    return;
  }
  for (const [program, lines] of all) {
    try {
      append(historyPath(dir, program), lines);
    } catch {
      // a full disk, or something else in the place of the file: the next is tried all the same
    }
  }
}

function prepare(dir: StateDir, isOfProgram: boolean): void {
  checkStateDir(dir);
  if (isOfProgram) makePrivateFolder(historyFolder(dir));
}

function append(path: string, lines: readonly HistoryLine[]): void {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;
  const fd = openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
  try {
    const before = setMode(fd, 0o600);
    const written = writeSync(fd, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    if ((before?.size ?? 0) + written > ROLL_BYTES) renameSync(path, olderPath(path));
  } finally {
    closeSync(fd);
  }
}

/** Undefined: it is none. The last line of a full disk may be half a one, or the first that was read. */
export function parseLine(text: string): HistoryLine | undefined {
  if (text === "") return undefined;
  try {
    const raw = JSON.parse(text) as Partial<HistoryLine> | null;
    const { time, event, msg } = raw ?? {};
    const isLine = [time, event, msg].every((one) => typeof one === "string");
    return isLine && !Number.isNaN(Date.parse(time ?? "")) ? (raw as HistoryLine) : undefined;
  } catch {
    return undefined;
  }
}
