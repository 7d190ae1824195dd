import { readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { NotAFile, readFileHead } from "../lib/read-file.ts";
import { replaceFile } from "../lib/replace-file.ts";
import type { ProgramRecord } from "./record.ts";
import { parseRecord, recordToText } from "./record-text.ts";
import { checkStateDir, fileStem, sparePath, type StateDir } from "./state-dir.ts";
import { rebooted } from "./transitions.ts";

/** A record, or why there is none. */
export interface RecordFile {
  readonly record: ProgramRecord | undefined;
  /** `path: what is wrong`, when there is a file that cannot be understood. */
  readonly problem: string | undefined;
  /** The text as it stood; undefined when there is no file, or when it cannot be read now. */
  readonly text: string | undefined;
  /** It was written before the machine was booted last. */
  readonly isOfEarlierBoot?: true;
  /** True when it cannot be understood, is no file, or may not be read; false also when it cannot be read just now. */
  readonly isDamaged: boolean;
}

/** No record is larger. */
const MOST_BYTES = 1024 * 1024;
/** Errors that come again with the next try: no descriptor was lacking just then. */
const UNREADABLE: ReadonlySet<string> = new Set(["EACCES", "EPERM", "EISDIR", "ELOOP"]);

/** Path of the record of one program. */
export function recordPath(dir: StateDir, name: string): string {
  return join(dir.programs, `${fileStem(name)}.json`);
}

/** The text of a record as it stands; undefined when there is none, or when it cannot be read now. */
export function recordText(dir: StateDir, name: string): string | undefined {
  try {
    return readText(recordPath(dir, name));
  } catch {
    return undefined;
  }
}

/**
 * Reads a record; one of an earlier boot comes back without what that boot knew. `isKnown` may say
 * that a text needs no second look: undefined is what comes back then.
 */
export function readRecord(dir: StateDir, name: string, boot: string): RecordFile;
export function readRecord(
  dir: StateDir,
  name: string,
  boot: string,
  isKnown: (text: string) => boolean,
): RecordFile | undefined;
export function readRecord(
  dir: StateDir,
  name: string,
  boot: string,
  isKnown?: (text: string) => boolean,
): RecordFile | undefined {
  const path = recordPath(dir, name);
  let text: string;
  try {
    text = readText(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const isNoFile = error instanceof NotAFile;
    const problem = code === "ENOENT" ? undefined : isNoFile ? message : `${path}: ${message}`;
    const isDamaged = isNoFile || UNREADABLE.has(code ?? "");
    return { record: undefined, problem, text: undefined, isDamaged };
  }
  if (isKnown?.(text) === true) return undefined;
  const record = parseRecord(text, name, boot);
  if (record === undefined) {
    const problem = `${path}: not a record of this program, ignored`;
    return { record: undefined, problem, text, isDamaged: true };
  }
  const file = { problem: undefined, text, isDamaged: false };
  if (record.boot === boot) return { ...file, record };
  return { ...file, record: rebooted(record, boot), isOfEarlierBoot: true };
}

/**
 * The text of a file of the folder of records.
 *
 * @throws {NotAFile} for what is none of ours, a link for example
 */
export function readRecordText(dir: StateDir, file: string): string {
  return readText(join(dir.programs, file));
}

function readText(path: string): string {
  return readFileHead(path, { most: MOST_BYTES, followsLinks: false, owner: "us" }).text;
}

/** Names of the files that may be records; none while nothing was ever started. */
export function recordFiles({ programs }: StateDir): readonly string[] {
  try {
    return readdirSync(programs).filter((file) => file.endsWith(".json"));
  } catch {
    return [];
  }
}

/** The program whose record a file is; undefined when it is damaged, or gone. */
export function recordedName(dir: StateDir, file: string): string | undefined {
  try {
    const { name } = JSON.parse(readRecordText(dir, file)) as { readonly name?: unknown };
    return typeof name === "string" ? name : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Replaces the record, so that a reader sees the old or the new one. Synced only where it says more than what is void
 * in the next boot anyway.
 *
 * @returns the text written, by which the writer knows its own work again
 */
export function writeRecord(dir: StateDir, record: ProgramRecord): string {
  const text = recordToText(record);
  const spare = sparePath(dir, record.name, "record");
  checkStateDir(dir);
  const isSynced = record.stopLasts === "forever";
  replaceFile(recordPath(dir, record.name), spare, text, { isSynced });
  return text;
}

/**
 * Puts a record that is damaged aside (under the program's lock), so that the next write does not
 * destroy it.
 */
export function setDamagedAside(dir: StateDir, name: string): void {
  const path = recordPath(dir, name);
  checkStateDir(dir);
  for (const ending of ["damaged", `damaged.${Date.now().toString(36)}`]) {
    try {
      renameSync(path, `${path}.${ending}`);
      return;
    } catch {
      // one of the two is a folder
    }
  }
}
