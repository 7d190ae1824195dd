import { readdirSync, readlinkSync } from "node:fs";
import type { Pid } from "../../proc/pid.ts";
import { statIfAny } from "../../proc/reader.ts";
import { callerOfProcess, describeCaller } from "../lib/caller.ts";
import { isSuspended } from "../../proc/stat.ts";
import type { Whereabouts } from "./daemon-alive.ts";
import { programLock } from "./lock.ts";
import { isDaemons, lockHolder, signerOf } from "./lock-text.ts";

/** Who holds a program's lock, as it signed. */
export interface Worker {
  /** `usrsvc, pid 123`. */
  readonly name: string;
  readonly pid: Pid;
  readonly isDaemon: boolean;
  /** It was stopped, by Ctrl-Z for example, and keeps the lock for as long as it is. */
  readonly isSuspended: boolean;
}

/**
 * Who is at work on the program just now. The lock itself is not tried: others must not be disturbed.
 * Undefined: nobody, or one of whom nothing is to be seen.
 */
export function workerOn(
  name: string,
  { state, proc }: Pick<Whereabouts, "state" | "proc">,
): Worker | undefined {
  const path = programLock(state, name);
  const signed = lockHolder(path);
  const pid = signerOf(signed);
  if (signed === undefined || pid === undefined || !hasOpen(pid, path)) return undefined;
  const stat = statIfAny(proc, pid);
  return {
    name: signed,
    pid,
    isDaemon: isDaemons(signed),
    isSuspended: stat !== undefined && isSuspended(stat),
  };
}

/** Who took a lock last, with the person behind it: `usrsvc, pid 123, called by ann (as web, pts/3)`. */
export function describeHolder(path: string): string | undefined {
  const signed = lockHolder(path);
  const pid = signerOf(signed);
  return signed === undefined || pid === undefined ? signed : withCaller(signed, pid);
}

/** The signature, with the person whose command it is. */
export function withCaller(signed: string, pid: Pid): string {
  const caller = isDaemons(signed) ? undefined : callerOfProcess(pid);
  return caller === undefined ? signed : `${signed}, called by ${describeCaller(caller)}`;
}

/** Only who holds a lock, or tries to, has its file open. */
function hasOpen(pid: Pid, path: string): boolean {
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).some((fd) => isLink(`${folder}/${fd}`, path));
  } catch {
    return false; // gone, or another's
  }
}

function isLink(link: string, path: string): boolean {
  try {
    return readlinkSync(link) === path;
  } catch {
    return false; // closed meanwhile
  }
}
