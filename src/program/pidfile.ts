import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { parsePid, type Pid } from "../../proc/pid.ts";

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

/** Writes a pidfile by rename, so that nobody reads half a number. */
export function writePidfile(path: string, pid: Pid): void {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.new`);
  try {
    writeFileSync(temporary, `${pid}\n`, { mode: 0o644 });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** Removes a pidfile if it still names `pid`. */
export function removePidfile(path: string, pid: Pid): void {
  const found = readPidfile(path);
  if (found.kind === "pid" && found.pid === pid) rmSync(path, { force: true });
}
