import { chmodSync, constants, existsSync, type Stats, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { nameOf, runAs } from "../accounts.ts";
import { accessFault } from "../fault.ts";
import { fileStem } from "../file-stem.ts";
import { makePrivateFolder } from "../private-file.ts";
import { TrustedPaths } from "../trusted-path.ts";

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
 * @throws {StateDirError} when that cannot be, or when the folder is open to others, or one above it
 */
export function makeStateDir(dir: StateDir): void {
  const me = process.getuid?.() ?? 0;
  const wasThere = checkFolder(dir.path, me);
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
  if (!wasThere) checkFolder(dir.path, me); // in /tmp others may have been first
  for (const path of [dir.programs, dir.locks, dir.pidfiles, dir.logs]) {
    const stat = statSync(path, { throwIfNoEntry: false }); // it may just be deleted: then it is made anew
    if (stat === undefined) continue;
    checkOwner(stat, path, me);
    if (path === dir.programs || path === dir.locks) checkMode(stat, path);
  }
}

/** Whether it is there; in either case others must not be able to put one of theirs in its place. */
function checkFolder(path: string, me: number): boolean {
  const stat = existsSync(path) ? statSync(path, { throwIfNoEntry: false }) : undefined;
  if (stat !== undefined && stat.uid !== me) {
    const instead =
      me === 0
        ? `you are root: ${runAs(stat.uid, "usrsvc …")}`
        : `you are ${nameOf(me)}: set another state_dir in [Main]`;
    throw new StateDirError(`state_dir ${path} belongs to ${nameOf(stat.uid)}, and ${instead}`);
  }
  if (stat?.isDirectory() === true && (stat.mode & 0o022) !== 0) {
    throw new StateDirError(`state_dir ${path} can be written by others: chmod go-w ${path}`);
  }
  const fault = exchangeFault(path);
  if (fault !== undefined) throw new StateDirError(`state_dir ${path}: ${fault}`);
  return stat !== undefined;
}

/** Another folder in its place, and nobody would know what is to stay down, nor that usrsvcd runs. */
const ABOVE = {
  so: "so that others could put another in its place",
  instead: "set another state_dir in [Main]",
};

/** Why others could exchange the state folder, by a folder above it; undefined: nobody can. */
export function exchangeFault(path: string): string | undefined {
  return new TrustedPaths(process.getuid?.() ?? 0).doubt(path, ABOVE);
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
