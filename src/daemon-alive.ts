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
import { dirname } from "node:path";
import { parsePid, type ProcessRef, sameProcess } from "../proc/pid.ts";
import type { ProcReader } from "../proc/reader.ts";
import { type DaemonInfo, readDaemonInfo } from "./daemon-info.ts";
import { accessFault } from "./fault.ts";
import { type StateDir, stateDir } from "./program/state-dir.ts";
import { readFileHead } from "./read-file.ts";
import { isSameFile } from "./same-file.ts";

/** A usrsvcd that lives. */
export interface LivingDaemon {
  readonly process: ProcessRef;
  /** What it tells of itself; undefined: it could not write that (disk full), or is just beginning. */
  readonly info: DaemonInfo | undefined;
}

/** The usrsvcd of this state folder, if it lives: it is known by its self-description or by its lock. */
export function findDaemon(state: StateDir, proc: ProcReader): LivingDaemon | undefined {
  const info = livingDaemon(state, proc);
  if (info !== undefined) return { process: info.process, info };
  const process = lockHolder(state.daemonLock, proc);
  return process && { process, info: undefined };
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

/** True in the copy of a state folder: the usrsvcd of the other is none of this one. */
function isCopied({ stateDir: told }: DaemonInfo, { path }: StateDir): boolean {
  return told !== undefined && !isSameFile(told, path) && existsSync(told);
}

/**
 * The state folder of the usrsvcd that a pidfile names: it may be another than its configuration file has
 * by now. The usrsvcd of another file is none of ours: several may have one pidfile.
 */
export function stateOfPidfile(
  { pidfile, config }: Pick<DaemonInfo, "pidfile" | "config">,
  proc: ProcReader,
): StateDir | undefined {
  try {
    const { text } = readFileHead(pidfile, { most: 80, owner: "us or root" });
    const pid = parsePid(text.trim());
    const process = pid && proc.alive(pid);
    if (process === undefined) return undefined;
    return openFiles(process)
      .flatMap((fd) => lockedState(fd) ?? [])
      .find((state) => {
        const found = findDaemon(state, proc);
        return (
          sameProcess(found?.process, process) && isSameFile(found?.info?.config ?? config, config)
        );
      });
  } catch {
    return undefined; // there is none, or it is another user's process
  }
}

/** The state folder whose lock this descriptor of a process is. */
function lockedState(fd: string): StateDir | undefined {
  try {
    const path = readlinkSync(fd);
    const state = stateDir(dirname(path));
    return path === state.daemonLock ? state : undefined;
  } catch {
    return undefined; // closed meanwhile
  }
}

/**
 * Who has signed the lock (program/lock.ts) and has it open: a pid alone may be another's by now.
 * That costs nothing where usrsvcd has ended, and asks for no lock, which would keep one from its start.
 */
function lockHolder(path: string, proc: ProcReader): ProcessRef | undefined {
  try {
    const { text } = readFileHead(path, { most: 80, followsLinks: false, owner: "us" });
    const stat = statSync(path);
    const signed = /^usrsvcd, pid (\d+) *$/m.exec(text)?.[1];
    // A full disk leaves the lock without a signature, a read-only one with that of another.
    const isUnsigned = text === "" || accessFault(path, constants.W_OK) === "EROFS";
    return (isUnsigned ? kernelsHolders(stat) : [signed ?? ""])
      .map((pid) => aliveOf(pid, proc))
      .find((process) => process !== undefined && hasOpen(process, stat));
  } catch {
    return undefined; // it was never taken, or it is another user's process
  }
}

/**
 * Who may have locked the file by flock(2), as `/proc/locks` (proc_locks(5)) tells it: by its inode, and the
 * device of its file system, which is not what stat(2) tells where that has subvolumes (btrfs) or layers. So
 * each one that has a file of this number counts, and what it has open tells.
 */
function kernelsHolders({ ino }: Stats): readonly string[] {
  const text = readFileSync("/proc/locks", "utf8");
  const line = new RegExp(`^\\d+: FLOCK +ADVISORY +WRITE (\\d+) [0-9a-f]+:[0-9a-f]+:${ino} `, "gm");
  return [...text.matchAll(line)].map(([, pid = ""]) => pid);
}

function aliveOf(text: string, proc: ProcReader): ProcessRef | undefined {
  const pid = parsePid(text);
  return pid && proc.alive(pid);
}

/** False also for another user's process. */
function hasOpen(process: ProcessRef, { dev, ino }: Stats): boolean {
  try {
    return openFiles(process).some((fd) => {
      const stat = statSync(fd, { throwIfNoEntry: false });
      return stat !== undefined && stat.dev === dev && stat.ino === ino;
    });
  } catch {
    return false;
  }
}

function openFiles({ pid }: ProcessRef): readonly string[] {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).map((fd) => `${folder}/${fd}`);
}
