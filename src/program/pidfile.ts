import { lstatSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { parsePid, type Pid } from "../../proc/pid.ts";
import { makeFolder } from "./folders.ts";
import { replaceFile } from "./replace-file.ts";

/** What a pidfile says. */
export type Pidfile =
  | { readonly kind: "none" }
  | { readonly kind: "pid"; readonly pid: Pid }
  /** There is a file, but no pid in it. */
  | { readonly kind: "garbage"; readonly text: string }
  | { readonly kind: "unreadable"; readonly message: string };

/** Reads a pidfile: a number, with blanks around it, on the first line. Further lines are ignored. */
export function readPidfile(path: string): Pidfile {
  try {
    const text = readFileSync(path, "utf8");
    const pid = parsePid(text.split("\n", 1)[0]?.trim() ?? "");
    return pid === undefined ? { kind: "garbage", text: text.slice(0, 80) } : { kind: "pid", pid };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === "ENOENT" ? { kind: "none" } : { kind: "unreadable", message };
  }
}

/**
 * Writes a pidfile by rename, so that nobody reads half a number. `spare`: a file of ours that
 * changes places with it, if it is in the same file system.
 */
export function writePidfile(path: string, pid: Pid, spare?: string): void {
  if (spare !== undefined && isReplaced(path, spare, pid)) return;
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.new`);
  try {
    makeFolder(dirname(path), undefined);
    writeFileSync(temporary, `${pid}\n`, { mode: 0o644 });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** Only a file takes part: a folder would change places as well. */
function isReplaced(path: string, spare: string, pid: Pid): boolean {
  try {
    if (lstatSync(path, { throwIfNoEntry: false })?.isFile() !== true) return false;
    replaceFile(path, spare, `${pid}\n`, 0o644);
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
