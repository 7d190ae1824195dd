import { lstatSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { parsePid, type Pid, type ProcessRef } from "../../proc/pid.ts";
import { ageMs } from "../../proc/uptime.ts";
import { NotAFile, readFileHead } from "../lib/read-file.ts";
import { writeByRename } from "../lib/write-file.ts";
import { makeFolder } from "./folders.ts";
import { replaceFile } from "../lib/replace-file.ts";

/** What a pidfile says. */
export type Pidfile =
  | { readonly kind: "none" }
  | { readonly kind: "pid"; readonly pid: Pid }
  /** There is a file, but no pid in it. */
  | { readonly kind: "garbage"; readonly text: string }
  /** `message` names the path. */
  | { readonly kind: "unreadable"; readonly message: string };

/** No first line with a pid is longer. */
const MOST_BYTES = 256;

/**
 * Reads a pidfile: a number, with blanks around it, on the first line. Further lines are ignored. It
 * may be a link to a file, but not a file of another account.
 */
export function readPidfile(path: string): Pidfile {
  try {
    const { text, isWhole } = readFileHead(path, { most: MOST_BYTES, owner: "us or root" });
    const [line = "", ...rest] = text.split("\n");
    const isCut = !isWhole && rest.length === 0; // a number, perhaps, that goes on
    const pid = isCut ? undefined : parsePid(line.trim());
    return pid === undefined ? { kind: "garbage", text: shown(text) } : { kind: "pid", pid };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return { kind: "none" };
    if (error instanceof NotAFile) return { kind: "unreadable", message };
    return { kind: "unreadable", message: `${path} cannot be read: ${message}` };
  }
}

/** Greatest error of a file's time, and of an age, in ms. */
const CLOCK_SLACK_MS = 1000;

/**
 * True where the pidfile was written since the process was born: an older one names who had the pid before.
 * `uptime`: the seconds since boot.
 */
export function isWrittenSince(path: string, { startTime }: ProcessRef, uptime: number): boolean {
  const writtenAt = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return writtenAt >= Date.now() - ageMs(startTime, uptime) - CLOCK_SLACK_MS;
}

/** A power failure may leave a file that is full of NULs. */
function shown(text: string): string {
  return text.slice(0, 80).replaceAll(/\0+/g, "\0");
}

/**
 * Writes a pidfile by rename, so that nobody reads half a number. `spare`: a file of ours that
 * changes places with it, if it is in the same file system.
 */
export function writePidfile(path: string, pid: Pid, spare?: string): void {
  if (spare !== undefined && isReplaced(path, spare, pid)) return;
  makeFolder(dirname(path), undefined);
  writeByRename(path, `${pid}\n`, { mode: 0o644 });
}

/** Only a file takes part: a folder would change places as well. */
function isReplaced(path: string, spare: string, pid: Pid): boolean {
  try {
    if (lstatSync(path, { throwIfNoEntry: false })?.isFile() !== true) return false;
    replaceFile(path, spare, `${pid}\n`, { mode: 0o644 });
    return true;
  } catch {
    return false; // another file system, most likely
  }
}

/** Removes a pidfile if it still names `pid`. */
export function removePidfile(path: string, pid: Pid): void {
  const found = readPidfile(path);
  if (found.kind === "pid" && found.pid === pid) rmSync(path, { force: true });
}
