import { ProcError } from "../../../proc/error.ts";
import type { Pid } from "../../../proc/pid.ts";
import { statIfAny } from "../../../proc/reader.ts";
import type { Stat } from "../../../proc/stat.ts";
import type { Host } from "../../host/host.ts";
import { isIdleShell } from "./words.ts";
import type { Subject } from "./subject.ts";

/** Number of generations that are looked at. */
const MOST = 20;

/**
 * The process whose worker this one is: the topmost forebear that is a copy of it (fork without exec), or runs the same
 * command to share its work (cluster of Node, multiprocessing of Python). Undefined: it is nobody's.
 */
export function masterOf({ stat, particulars }: Subject, host: Host): Pid | undefined {
  let found: Pid | undefined;
  let child = { stat, argv: particulars.argv, environ: particulars.environ };
  for (let steps = 0; steps < MOST; steps += 1) {
    const parent = look(child.stat.ppid, host);
    if (parent === undefined || !isWorkerOf(child, parent)) return found;
    found = parent.stat.pid;
    child = parent;
  }
  return found;
}

interface Kin {
  readonly stat: Stat;
  readonly argv: readonly string[];
  readonly environ: ReadonlyMap<string, string> | undefined;
}

function isWorkerOf(child: Kin, parent: Kin): boolean {
  const isCopy = child.stat.image > 0 && child.stat.image === parent.stat.image;
  if (isCopy) return true;
  if (child.environ?.has("NODE_UNIQUE_ID") === true && parent.stat.comm === child.stat.comm) {
    return true;
  }
  return child.argv.some((word) => /^--multiprocessing-fork$|^from multiprocessing\./.test(word));
}

/** A forebear of this account; none is what a person types into. */
function look(pid: number, { proc }: Host): Kin | undefined {
  const stat = pid > 1 ? statIfAny(proc, pid as Pid) : undefined;
  if (stat === undefined) return undefined;
  try {
    if (proc.uid(stat.pid) !== process.getuid?.()) return undefined;
    const argv = proc.cmdline(stat.pid);
    const exe = { path: proc.exe(stat.pid), isDeleted: false };
    if (isIdleShell({ argv, exe })) return undefined;
    return { stat, argv, environ: proc.environ(stat.pid) };
  } catch (error) {
    if (error instanceof ProcError) return undefined; // gone, or hidden
    throw error;
  }
}
