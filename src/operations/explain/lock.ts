import { statSync } from "node:fs";
import { ProcError } from "../../../proc/error.ts";
import { statIfAny } from "../../../proc/reader.ts";
import { ageMs } from "../../../proc/uptime.ts";
import type { Host } from "../../host/host.ts";
import { withCaller, workerOn } from "../../state/at-work.ts";
import { programLock } from "../../state/lock.ts";
import { shown } from "./candidates.ts";

/** Who is at work on a program. */
export interface AtWork {
  /** `usrsvc, pid 123, called by ann (as web, pts/3)`. */
  readonly who: string;
  readonly pid: number;
  /** Its command line; absent where it hides that. */
  readonly command?: string;
  /** How long the command has run. */
  readonly forSeconds?: number;
  /** ISO time at which the lock was signed last. */
  readonly since?: string;
  /** Suspended, and keeps all others out. */
  readonly isSuspended?: true;
}

/** Who holds the lock of a program; undefined: nobody. The lock itself is not tried. */
export function atWorkOn(name: string, host: Host): AtWork | undefined {
  const worker = workerOn(name, host);
  if (worker === undefined) return undefined;
  const { pid } = worker;
  const stat = statIfAny(host.proc, pid);
  return {
    who: withCaller(worker.name, pid),
    pid,
    ...commandOf(pid, host),
    ...(stat && { forSeconds: Math.round(ageMs(stat.startTime, host.proc.uptime()) / 1000) }),
    ...signedAt(programLock(host.state, name)),
    ...(worker.isSuspended && { isSuspended: true }),
  };
}

function commandOf(
  pid: AtWork["pid"] & Parameters<Host["proc"]["cmdline"]>[0],
  { proc }: Host,
): Pick<AtWork, "command"> {
  try {
    const argv = proc.cmdline(pid);
    return { command: shown(argv) };
  } catch (error) {
    if (error instanceof ProcError) return {};
    throw error;
  }
}

function signedAt(path: string): Pick<AtWork, "since"> {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? {} : { since: stat.mtime.toISOString() };
}
