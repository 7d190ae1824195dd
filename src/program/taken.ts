import { ProcError } from "../../proc/error.ts";
import type { ProcessRef } from "../../proc/pid.ts";
import { statIfAny } from "../../proc/reader.ts";
import type { Host } from "./host.ts";
import { isLaunchShell } from "./launch.ts";

/** True for a process that cannot be the program `name`: another program's, or one of us. */
export function isTaken(ref: ProcessRef, name: string, host: Host): boolean {
  const owner = host.ownerOf(ref);
  if (owner !== undefined && owner !== name) return true;
  if (owner === undefined && isBeingLaunched(ref, host)) return true;
  return isOurselves(ref, host) || isUsrsvc(ref, host);
}

/** Nobody's yet, but about to be claimed by the program for which it was launched. */
function isBeingLaunched({ pid }: ProcessRef, { proc, launching, watcher }: Host): boolean {
  if (launching.size === 0 || statIfAny(proc, pid)?.ppid !== process.pid) return false;
  return !watcher().isChild(pid); // one that nobody has any more was launched before
}

/** Ourselves or one of our ancestors: a shell in whose command line the program's name stands. */
function isOurselves(ref: ProcessRef, host: Host): boolean {
  let pid: number = process.pid;
  for (let steps = 0; pid > 1 && steps < 100; steps += 1) {
    if (pid === ref.pid) return true;
    try {
      pid = host.proc.stat(pid as typeof ref.pid).ppid;
    } catch (error) {
      if (error instanceof ProcError) return false;
      throw error;
    }
  }
  return false;
}

function callsUsrsvc(word: string): boolean {
  return /(^|[\s/;&|(])usrsvcd?(\.cjs)?\s/.test(word);
}

function namesUsrsvc(word: string): boolean {
  return /(^|\/)usrsvcd?(\.cjs|\.ts)?$/.test(word);
}

/** A usrsvc or usrsvcd at work, or a shell that is to become a program, has the names and commands of programs in its own argv. */
function isUsrsvc(ref: ProcessRef, host: Host): boolean {
  try {
    const argv = host.proc.cmdline(ref.pid);
    if (isLaunchShell(argv)) return true;
    // `sh -c "usrsvc stop celery && …"`, of ssh, cron and the like: it has the program's name.
    if (argv[1]?.startsWith("-") === true && argv.slice(2).some(callsUsrsvc)) return true;
    // Between node and the script may stand any number of options.
    const script = argv.slice(1).find((word) => !word.startsWith("-"));
    return [...argv.slice(0, 3), script].some((word) => word !== undefined && namesUsrsvc(word));
  } catch (error) {
    if (error instanceof ProcError) return false;
    throw error;
  }
}
