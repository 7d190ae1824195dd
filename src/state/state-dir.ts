import { chmodSync, constants, existsSync, lstatSync, type Stats, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { nameOf, runAs } from "../lib/accounts.ts";
import { accessFault } from "../lib/fault.ts";
import { fileStem } from "../lib/file-stem.ts";
import { shellWord } from "../lib/format.ts";
import { makePrivateFolder } from "../lib/private-file.ts";
import { TrustedPaths } from "../lib/trusted-path.ts";
import { otherWriters } from "../lib/writers.ts";

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
  /** The settings that it has (kept-settings.ts). */
  readonly settingsFile: string;
  /** Pidfiles and logs of the programs that name none. */
  readonly pidfiles: string;
  readonly logs: string;
  /** Mails that are not sent yet. Made with the first of them. */
  readonly mails: string;
}

/** The paths below `[Main] state_dir`. Touches nothing. */
export function stateDir(path: string): StateDir {
  return {
    path,
    programs: join(path, "programs"),
    locks: join(path, "locks"),
    daemonLock: join(path, "usrsvcd.lock"),
    daemonFile: join(path, "usrsvcd.json"),
    settingsFile: join(path, "usrsvcd.settings.json"),
    pidfiles: join(path, "run"),
    logs: join(path, "log"),
    mails: join(path, "mail"),
  };
}

/** What was found to be ours: whoever puts another in its place, or opens it, changes one of these. */
type Stamp = Pick<Stats, "dev" | "ino" | "uid" | "gid" | "mode">;

/**
 * State folders as they were when they were made; undefined: one that was not ours, or could not be made. That is
 * looked at whole before each write, until it is found to be ours.
 */
const made = new WeakMap<StateDir, Stamp | undefined>();

/**
 * Makes the folders, mode 0700. Those of pidfiles and logs may be missing after that: whose these are is told why.
 *
 * @throws {ForeignStateDir} when the folder belongs to others or is open to them, or one above it
 * @throws {StateDirError} when it cannot be made
 */
export function makeStateDir(dir: StateDir): void {
  made.set(dir, undefined);
  const me = process.getuid?.() ?? 0;
  const wasThere = checkFolder(dir.path, me);
  makeOrSay(dir, [dir.path]);
  const stamp = statSync(dir.path, { throwIfNoEntry: false });
  // In /tmp others may have been first: nothing is made in what is theirs.
  if (!wasThere || stamp?.uid !== me) checkFolder(dir.path, me);
  makeOrSay(dir, [dir.programs, dir.locks]);
  for (const path of [dir.pidfiles, dir.logs]) makeIfPossible(path);
  checkParts(dir, me);
  for (const path of [dir.programs, dir.locks]) openToUs(path);
  made.set(dir, stamp);
}

/**
 * Before something is written: one stat(2), whether it still is what `makeStateDir` has found to be ours. What
 * `foreignState` has found meanwhile of folders in it and above it stays in force until a look finds it mended.
 *
 * @throws as `makeStateDir`; with the code ENOENT where it is gone: whether it is to be made anew is not decided here
 */
export function checkStateDir(dir: StateDir): void {
  if (!made.has(dir)) return; // nobody has looked at it so far: a test, or a look that writes nothing
  const before = made.get(dir);
  const now = statSync(dir.path, { throwIfNoEntry: false });
  if (now === undefined) {
    throw Object.assign(new StateDirError(`state_dir ${dir.path} is gone`), { code: "ENOENT" });
  }
  const isSame =
    now.ino === before?.ino &&
    now.dev === before.dev &&
    now.uid === before.uid &&
    now.gid === before.gid &&
    now.mode === before.mode;
  if (!isSame) makeStateDir(dir);
}

/** Why nothing may be written into the state folder, as far as it is there: others can change what is in it. */
export function foreignState(dir: StateDir): string | undefined {
  const me = process.getuid?.() ?? 0;
  try {
    checkFolder(dir.path, me);
    checkParts(dir, me);
    return undefined;
  } catch (error) {
    if (!(error instanceof ForeignStateDir)) return undefined;
    if (made.has(dir)) made.set(dir, undefined);
    return error.message;
  }
}

/**
 * Says at once that this account may not look into the state folder: each part of it would say so in other words, or seem to
 * be missing. One that is not there yet may be looked for.
 *
 * @throws {StateDirError}
 */
export function checkReadable({ path }: StateDir): void {
  if (accessFault(path, constants.R_OK | constants.X_OK) !== "EACCES") return;
  let at = path; // or the folder above it that is closed
  while (at !== "/" && accessFault(at, constants.F_OK) === "EACCES") at = dirname(at);
  const { uid } = statSync(at);
  const me = process.getuid?.() ?? 0;
  const todo =
    uid === me
      ? `chmod u+rwx ${shellWord(at)}`
      : `it belongs to ${nameOf(uid)}: ${runAs(uid, "usrsvc …")}, or set another state_dir in [Main]`;
  const which = at === path ? "" : `: ${at}`;
  throw new StateDirError(`state_dir ${path} cannot be read${which}: permission denied; ${todo}`);
}

/** What comes to a program with a pidfile or log there is told by its start. */
function makeIfPossible(path: string): void {
  try {
    makePrivateFolder(path);
  } catch {
    // a file has its name, or the disk is full
  }
}

function makeOrSay(dir: StateDir, paths: readonly string[]): void {
  try {
    for (const path of paths) makePrivateFolder(path);
  } catch (cause) {
    const { code, path } = cause as NodeJS.ErrnoException;
    if (code === "EEXIST") {
      const text = `state_dir ${dir.path} cannot be created: ${path} is not a folder: move it away`;
      throw new StateDirError(text, { cause });
    }
    // Node says ENOENT of a folder that cannot be made on a read-only disk.
    const obstacle = code === "ENOENT" ? obstacleBelow(dir.path) : undefined;
    const why = obstacle === "EROFS" ? "its file system is read-only" : message(cause);
    const error = new StateDirError(`state_dir ${dir.path} cannot be made: ${why}`, { cause });
    throw obstacle === undefined ? error : Object.assign(error, { code: obstacle });
  }
}

/** What is in the folder, as far as it is there: it may have been made while that was open to others. */
function checkParts({ programs, locks, mails, pidfiles, logs }: StateDir, me: number): void {
  for (const path of [programs, locks, mails]) {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat === undefined) continue;
    checkOwner(stat, path, me);
    if (stat.isSymbolicLink()) {
      const text = `state_dir: ${path} is a link, which may lead to files of any other kind: remove it`;
      throw new ForeignStateDir(text);
    }
    checkMode(stat, `state_dir: ${path}`, path, me);
  }
  for (const path of [pidfiles, logs]) {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat?.isSymbolicLink() === true) checkLink(stat, path, me);
    const target = stat && statSync(path, { throwIfNoEntry: false });
    if (target !== undefined) checkOwner(target, path, me);
  }
}

/** Our own may lead where we like; where that of another leads, pidfiles and logs would be written. */
function checkLink({ uid }: Stats, path: string, me: number): void {
  if (uid === me || uid === 0) return;
  const text = `state_dir: ${path} is a link that ${nameOf(uid)} has made: remove it`;
  throw new ForeignStateDir(text);
}

/** Whether it is there; in either case others must not be able to put one of theirs in its place. */
function checkFolder(path: string, me: number): boolean {
  const stat = existsSync(path) ? statSync(path, { throwIfNoEntry: false }) : undefined;
  if (stat !== undefined && stat.uid !== me) {
    const instead =
      me === 0
        ? `you are root: ${runAs(stat.uid, "usrsvc …")}`
        : `you are ${nameOf(me)}: set another state_dir in [Main]`;
    throw new ForeignStateDir(`state_dir ${path} belongs to ${nameOf(stat.uid)}, and ${instead}`);
  }
  if (stat?.isDirectory() === true) checkMode(stat, `state_dir ${path}`, path, me);
  const fault = exchangeFault(path);
  if (fault !== undefined) throw new ForeignStateDir(`state_dir ${path}: ${fault}`);
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

function checkMode(stat: Stats, what: string, path: string, me: number): void {
  const who = otherWriters(path, stat, me);
  if (who === undefined) return;
  throw new ForeignStateDir(`${what} can be written by ${who}: chmod go-w ${shellWord(path)}`);
}

/** What somebody has closed keeps a program out of reach, and is ours to open. */
function openToUs(path: string): void {
  const mode = statSync(path, { throwIfNoEntry: false })?.mode; // it may just be deleted: then it is made anew
  if (mode !== undefined && (mode & 0o700) !== 0o700) chmodSync(path, mode | 0o700);
}

function checkOwner({ uid }: Stats, path: string, me: number): void {
  if (uid === me) return;
  throw new ForeignStateDir(`state_dir: ${path} belongs to ${nameOf(uid)}: move it away`);
}

/** The state folder cannot be used; the message names it and what to do. */
export class StateDirError extends Error {
  override readonly name: string = "StateDirError";
}

/** Others can change what is in the state folder, or put another in its place: nothing is written there. */
export class ForeignStateDir extends StateDirError {}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * Path of a file that changes places with a program's record, pidfile or hold, or that names the hook that runs; not in the
 * folder that is watched, and beside the locks. No stem holds a "+".
 */
export function sparePath(
  dir: StateDir,
  name: string,
  what: "record" | "pidfile" | "hook" | "hold",
): string {
  return join(dir.locks, `${fileStem(name)}+${what}`);
}

/** Path of a file that changes places with the self-description of usrsvcd; not of a program's name. */
export function daemonSpare(dir: StateDir): string {
  return join(dir.locks, "+usrsvcd");
}
