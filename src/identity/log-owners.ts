import { readlinkSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Pid } from "../../proc/pid.ts";

/** A program and the files that its output goes to. */
export interface LogsOf {
  readonly name: string;
  readonly stdout: string | undefined;
  readonly stderr: string | undefined;
}

/** A file that a process writes to. */
interface OpenFile {
  /** Device and inode. */
  readonly id: string;
  /** Its path as it is now; that of a file that was deleted, as it was. */
  readonly path: string;
}

/**
 * To which programs the process belongs by what it writes to: what a program has made writes to its log
 * in whatever session, and with whatever environment, it is. Undefined: that says nothing.
 */
export function ownersByLog(
  pid: Pid,
  all: () => Iterable<LogsOf>,
): ReadonlySet<string> | undefined {
  const open = [1, 2].flatMap((fd) => openFile(pid, fd) ?? []);
  if (open.length === 0) return undefined;
  const owners = new Set<string>();
  for (const { name, stdout, stderr } of all()) {
    const logs = new Set([stdout, stderr]);
    if ([...logs].some((log) => log !== undefined && open.some((file) => isLog(file, log)))) {
      owners.add(name);
    }
  }
  return owners.size === 0 ? undefined : owners;
}

/**
 * True for a process that writes to the logs of this program, and to no other's. That it does not is told
 * without a look at the others: a thousand processes may be asked about.
 */
export function isOnlyLogOf(program: LogsOf, pid: Pid, all: () => Iterable<LogsOf>): boolean {
  return ownersByLog(pid, () => [program]) !== undefined && ownersByLog(pid, all)?.size === 1;
}

/** A regular file: devices, terminals and pipes are anybody's. */
function openFile(pid: Pid, fd: number): OpenFile | undefined {
  const link = `/proc/${pid}/fd/${fd}`;
  try {
    const stat = statSync(link);
    if (!stat.isFile()) return undefined;
    return { id: `${stat.dev}:${stat.ino}`, path: readlinkSync(link).replace(/ \(deleted\)$/, "") };
  } catch {
    return undefined; // closed, gone, or hidden
  }
}

/** Also under the name that it got when it was rotated: `web.log.1`, `web.log-20261126`. */
function isLog({ id, path }: OpenFile, log: string): boolean {
  if (!basename(path).startsWith(basename(log))) return isSame(id, log);
  const known = realPath(log);
  return (
    path === known ||
    path.startsWith(`${known}.`) ||
    path.startsWith(`${known}-`) ||
    isSame(id, log)
  );
}

function isSame(id: string, log: string): boolean {
  try {
    const stat = statSync(log, { throwIfNoEntry: false });
    return stat !== undefined && `${stat.dev}:${stat.ino}` === id;
  } catch {
    return false; // in a folder that we may not enter, or a link in a circle: a start says so
  }
}

/** Where the file may be gone, and the folder a link. */
function realPath(path: string): string {
  try {
    return join(realpathSync(dirname(path)), basename(path));
  } catch {
    return path;
  }
}
