import { chmodSync, constants, existsSync, type Stats, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { nameOf, runAs } from "../accounts.ts";
import { accessFault } from "../fault.ts";
import { fileStem } from "../file-stem.ts";
import { makePrivateFolder } from "../private-file.ts";

export { fileStem };

/** Where the state of programs and of usrsvcd is kept. */
export interface StateDir {
  readonly path: string;
  /** Records, one a program; the daemon watches this folder. */
  readonly programs: string;
  /** Locks, one a program. They stay, empty, when nobody holds them. */
  readonly locks: string;
  /** Lock and self-description of usrsvcd. */
  readonly daemonLock: string;
  readonly daemonFile: string;
  /** Pidfiles and logs of the programs that name none. */
  readonly pidfiles: string;
  readonly logs: string;
}

/** The paths below `[Main] state_dir`. Touches nothing. */
export function stateDir(path: string): StateDir {
  return {
    path,
    programs: join(path, "programs"),
    locks: join(path, "locks"),
    daemonLock: join(path, "usrsvcd.lock"),
    daemonFile: join(path, "usrsvcd.json"),
    pidfiles: join(path, "run"),
    logs: join(path, "log"),
  };
}

/**
 * Makes the folders, mode 0700.
 *
 * @throws {StateDirError} when that cannot be, or when the folder is open to others
 */
export function makeStateDir(dir: StateDir): void {
  try {
    for (const path of [dir.path, dir.programs, dir.locks, dir.pidfiles, dir.logs]) {
      makePrivateFolder(path);
    }
  } catch (cause) {
    const { code, path } = cause as NodeJS.ErrnoException;
    if (code === "EEXIST") {
      const text = `state_dir ${dir.path} cannot be made: ${path} is no folder: move it away`;
      throw new StateDirError(text, { cause });
    }
    // Node says ENOENT of a folder that cannot be made on a read-only disk.
    const obstacle = code === "ENOENT" ? obstacleBelow(dir.path) : undefined;
    const why = obstacle === "EROFS" ? "its file system is read-only" : message(cause);
    const error = new StateDirError(`state_dir ${dir.path} cannot be made: ${why}`, { cause });
    throw obstacle === undefined ? error : Object.assign(error, { code: obstacle });
  }
  const { mode, uid } = statSync(dir.path);
  const me = process.getuid?.() ?? 0;
  if (uid !== me) {
    const instead =
      me === 0
        ? `you are root: ${runAs(uid, "usrsvc …")}`
        : `you are ${nameOf(me)}: set another state_dir in [Main]`;
    throw new StateDirError(`state_dir ${dir.path} belongs to ${nameOf(uid)}, and ${instead}`);
  }
  if ((mode & 0o022) !== 0) {
    throw new StateDirError(
      `state_dir ${dir.path} can be written by others: chmod go-w ${dir.path}`,
    );
  }
  for (const path of [dir.programs, dir.locks, dir.pidfiles, dir.logs]) {
    const stat = statSync(path, { throwIfNoEntry: false }); // it may just be deleted: then it is made anew
    if (stat === undefined) continue;
    checkOwner(stat, path, me);
    if (path === dir.programs || path === dir.locks) checkMode(stat, path);
  }
}

/** What keeps us from making a folder, as the nearest that is there says. */
function obstacleBelow(path: string): string | undefined {
  let at = path;
  while (!existsSync(at) && at !== "/") at = dirname(at);
  return accessFault(at, constants.W_OK);
}

/** What somebody has closed keeps a program out of reach, and is ours to open. */
function checkMode({ mode }: Stats, path: string): void {
  if ((mode & 0o022) !== 0) {
    throw new StateDirError(`state_dir: ${path} can be written by others: chmod go-w ${path}`);
  }
  if ((mode & 0o700) !== 0o700) chmodSync(path, mode | 0o700);
}

/** It may have been made while the folder was open to others. */
function checkOwner({ uid }: Stats, path: string, me: number): void {
  if (uid === me) return;
  throw new StateDirError(`state_dir: ${path} belongs to ${nameOf(uid)}: move it away`);
}

/** The state folder cannot be used; the message names it and what to do. */
export class StateDirError extends Error {
  override readonly name = "StateDirError";
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * Path of a file that changes places with a program's record or pidfile; not in the folder that
 * is watched, and beside the locks. No stem holds a "+".
 */
export function sparePath(dir: StateDir, name: string, what: "record" | "pidfile"): string {
  return join(dir.locks, `${fileStem(name)}+${what}`);
}

/** Path of a file that changes places with the self-description of usrsvcd; not of a program's name. */
export function daemonSpare(dir: StateDir): string {
  return join(dir.locks, "+usrsvcd");
}
