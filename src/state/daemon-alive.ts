import {
  constants,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  type Stats,
  statSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { parsePid, type ProcessRef, sameProcess } from "../../proc/pid.ts";
import type { ProcReader } from "../../proc/reader.ts";
import { type DaemonInfo, readDaemonInfo } from "./daemon-info.ts";
import { accessFault } from "../lib/fault.ts";
import { SIGNATURE_BYTES } from "./lock-text.ts";
import { type StateDir, stateDir } from "./state-dir.ts";
import { readFileHead } from "../lib/read-file.ts";
import { isSameFile, realPath } from "../lib/same-file.ts";
import { textHash } from "../lib/text-hash.ts";

/** A usrsvcd that lives. */
export interface LivingDaemon {
  readonly process: ProcessRef;
  /** What it tells of itself; undefined: it could not write that (disk full), or is just beginning. */
  readonly info: DaemonInfo | undefined;
  /** Where its state folder is; undefined: where it was looked for. */
  readonly astray?: Astray;
}

/** A usrsvcd has lost its state folder just now, or has another than its configuration names by now. */
export interface Astray {
  readonly kind: "deleted" | "moved" | "other";
  /** Where it is by now, or was until it was deleted. */
  readonly state: StateDir;
}

/** By what a usrsvcd is known: a Host has all of it. */
export interface Whereabouts {
  readonly state: StateDir;
  /** The main configuration file. */
  readonly config: string;
  readonly proc: ProcReader;
}

/**
 * The usrsvcd of this state folder, if it lives; else the one that had it until it was moved away or deleted, or that
 * has this configuration file and another state folder. The usrsvcd of another file is none of ours.
 */
export function findDaemon(where: Whereabouts): LivingDaemon | undefined {
  return daemonOf(where.state, where.proc) ?? findAstray(where);
}

/** What an operator is to know of one whose configuration file is gone, or whose state folder is elsewhere; undefined: neither is. */
export function describeAstray({
  process: { pid },
  info,
  astray,
}: LivingDaemon): string | undefined {
  if (info !== undefined && !existsSync(info.config)) {
    return `usrsvcd, pid ${pid}, runs with ${info.config}, which is gone: usrsvcd stop, then usrsvcd start`;
  }
  if (astray === undefined) return undefined;
  const { kind, state } = astray;
  if (kind === "other") return `usrsvcd has state_dir ${state.path} until it is restarted`;
  const what = kind === "deleted" ? "deleted" : `moved to ${state.path}`;
  return `usrsvcd, pid ${pid}: its state folder was ${what}; it checks every 10 s, and recreates it`;
}

/** The usrsvcd of this state folder: it is known by its self-description or by its lock. */
function daemonOf(state: StateDir, proc: ProcReader): LivingDaemon | undefined {
  const info = livingDaemon(state, proc);
  if (info !== undefined) return { process: info.process, info };
  const process = lockHolder(state.daemonLock, proc);
  return process && { process, info: undefined };
}

/** The usrsvcd that looks after the programs of this configuration file, if one runs. */
export function daemonInCharge({ state, proc, config }: Whereabouts): DaemonInfo | undefined {
  const info = livingDaemon(state, proc);
  return info !== undefined && isSameFile(info.config, config) ? info : undefined;
}

/** What keeps a usrsvcd from telling of itself, whatever it does, and what to do; undefined: that is not known. */
export function silencer({ daemonFile }: StateDir): string | undefined {
  const isFolder = lstatSync(daemonFile, { throwIfNoEntry: false })?.isDirectory() === true;
  return isFolder ? `${daemonFile} is a folder: move it away` : undefined;
}

/** The self-description of the usrsvcd of this state folder, if it lives: it names pid and start time. */
export function livingDaemon(state: StateDir, proc: ProcReader): DaemonInfo | undefined {
  const info = readDaemonInfo(state.daemonFile, proc.bootId());
  if (info === undefined || isCopied(info, state)) return undefined;
  return sameProcess(proc.alive(info.process.pid), info.process) ? info : undefined;
}

/**
 * True in the copy of a state folder: the usrsvcd of the other is none of this one. Where its configuration file is gone
 * as well, the copy has taken the place of the other, which usrsvcd may have made anew.
 */
function isCopied({ stateDir: told, config, process }: DaemonInfo, state: StateDir): boolean {
  if (told === undefined || isSameFile(told, state.path)) return false;
  if (!existsSync(told) || !existsSync(config)) return false;
  const lock = statSync(state.daemonLock, { throwIfNoEntry: false });
  return lock === undefined || !hasOpen(process, lock); // else it was moved, and the other made since
}

/** By the locks that the kernel knows, whatever has become of the folder. */
function findAstray(where: Whereabouts): LivingDaemon | undefined {
  for (const pid of flockHolders()) {
    const process = aliveOf(pid, where.proc);
    for (const fd of process === undefined ? [] : openFilesIfOurs(process)) {
      const found = process && astrayBy(fd, process, where);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

const DELETED = " (deleted)";

/** The usrsvcd whose lock this descriptor of a process is, if it is the one that is looked for. */
function astrayBy(fd: string, process: ProcessRef, where: Whereabouts): LivingDaemon | undefined {
  const { state, config, proc } = where;
  const link = linkOf(fd);
  const name = basename(state.daemonLock);
  if (link === undefined || !basename(link).startsWith(name)) return undefined;
  const home = placeOf(state.path);
  const other = stateDir(dirname(link));
  if (basename(link) === name + DELETED) {
    const { signer, note = placeNote(other) } = signed(fd);
    if (signer !== String(process.pid) || note !== placeNote(state)) return undefined;
    if (!sharesMounts(process)) return undefined;
    return { process, info: undefined, astray: { kind: "deleted", state } };
  }
  if (basename(link) !== name) return undefined;
  const info = livingDaemon(other, proc);
  if (info === undefined) return undefined;
  const told = placeOf(info.stateDir ?? other.path);
  const kind = told === placeOf(other.path) ? "other" : "moved";
  const isOurs = isSameFile(info.config, config) || (kind === "moved" && told === home);
  return isOurs ? { process: info.process, info, astray: { kind, state: other } } : undefined;
}

/** As the kernel names a folder that may be gone: without the links above it. */
function placeOf(path: string): string {
  return join(realPath(dirname(path)), basename(path));
}

/**
 * What usrsvcd notes at its lock: where it has its state folder. By that it is known to those who miss it, also
 * when the folder was moved before it was deleted. A hash, since a path may be longer than a note.
 */
export function placeNote({ path }: Pick<StateDir, "path">): string {
  return textHash(placeOf(path));
}

/** In a container that has our processes and its own files, a folder of the same path is another. */
function sharesMounts({ pid }: ProcessRef): boolean {
  return linkOf(`/proc/${pid}/ns/mnt`) === linkOf("/proc/self/ns/mnt");
}

function linkOf(fd: string): string | undefined {
  try {
    return readlinkSync(fd);
  } catch {
    return undefined; // closed meanwhile
  }
}

/** Who has signed a lock, and what that process has noted. */
interface Signed {
  readonly signer?: string | undefined;
  readonly note?: string | undefined;
}

function signed(lock: string): Signed {
  try {
    const { text } = readFileHead(lock, { most: 1024, owner: "us" });
    const note = text.slice(SIGNATURE_BYTES).split("\n", 1)[0]?.trim() || undefined;
    return { signer: signedIn(text.slice(0, SIGNATURE_BYTES)), note };
  } catch {
    return {}; // closed meanwhile
  }
}

function signedIn(signature: string): string | undefined {
  return /^usrsvcd, pid (\d+) *$/m.exec(signature)?.[1];
}

/**
 * Who has signed the lock and has it open: a pid alone may be another's by now.
 * That costs nothing where usrsvcd has ended, and asks for no lock, which would keep one from its start.
 */
function lockHolder(path: string, proc: ProcReader): ProcessRef | undefined {
  try {
    const most = SIGNATURE_BYTES;
    const { text } = readFileHead(path, { most, followsLinks: false, owner: "us" });
    const stat = statSync(path);
    // A full disk leaves the lock without a signature, a read-only one with that of another.
    const isUnsigned = !/pid \d/.test(text) || accessFault(path, constants.W_OK) === "EROFS";
    return (isUnsigned ? flockHolders(stat) : [signedIn(text) ?? ""])
      .map((pid) => aliveOf(pid, proc))
      .find((process) => process !== undefined && hasOpen(process, stat));
  } catch {
    return undefined; // it was never taken, or it is another user's process
  }
}

/**
 * Who has locked files by flock(2), as `/proc/locks` (proc_locks(5)) tells it: by its inode, and the
 * device of its file system, which is not what stat(2) tells where that has subvolumes (btrfs) or layers. So
 * each one that has a file of this number counts, and what it has open tells.
 */
function flockHolders(file?: Stats): readonly string[] {
  let text: string;
  try {
    text = readFileSync("/proc/locks", "utf8");
  } catch {
    return []; // not every kernel tells (gVisor)
  }
  const ino = file === undefined ? "\\d+" : String(file.ino);
  const line = new RegExp(`^\\d+: FLOCK +ADVISORY +WRITE (\\d+) [0-9a-f]+:[0-9a-f]+:${ino} `, "gm");
  return [...new Set([...text.matchAll(line)].map(([, pid = ""]) => pid))];
}

function aliveOf(text: string, proc: ProcReader): ProcessRef | undefined {
  const pid = parsePid(text);
  return pid && proc.alive(pid);
}

/** False also for another user's process. */
function hasOpen(process: ProcessRef, { dev, ino }: Stats): boolean {
  return openFilesIfOurs(process).some((fd) => {
    const stat = statSync(fd, { throwIfNoEntry: false });
    return stat !== undefined && stat.dev === dev && stat.ino === ino;
  });
}

/** Empty also for another user's process. */
function openFilesIfOurs({ pid }: ProcessRef): readonly string[] {
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).map((fd) => `${folder}/${fd}`);
  } catch {
    return [];
  }
}
