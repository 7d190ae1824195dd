import { ProcError } from "../../proc/error.ts";
import type { ProcessRef } from "../../proc/pid.ts";
import { isLaunchShell } from "./launch-shell.ts";
import type { IdentityPorts } from "./ports.ts";

/** Ourselves or one of our ancestors: a shell in whose command line the program's name stands. */
export function isOurselves(ref: ProcessRef, host: Pick<IdentityPorts, "proc">): boolean {
  let pid: number = process.pid;
  for (let steps = 0; pid > 0 && steps < 100; steps += 1) {
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

/** True for a word by which usrsvc or usrsvcd is executed. */
export function namesUsrsvc(word: string): boolean {
  return /(^|\/)usrsvcd?(\.cjs|\.ts)?$/.test(word);
}

/** True for the command line of a usrsvc or usrsvcd. */
export function isNamedUsrsvc(argv: readonly string[]): boolean {
  // Between node and the script may stand any number of options.
  const script = argv.slice(1).find((word) => !word.startsWith("-"));
  return [...argv.slice(0, 3), script].some((word) => word !== undefined && namesUsrsvc(word));
}

/** A usrsvc or usrsvcd at work, or a shell that is to become a program, has the names and commands of programs in its own argv. */
export function isUsrsvc(ref: Pick<ProcessRef, "pid">, host: Pick<IdentityPorts, "proc">): boolean {
  try {
    const argv = host.proc.cmdline(ref.pid);
    if (isLaunchShell(argv)) return true;
    // `sh -c "usrsvc stop celery && …"`, of ssh, cron and the like: it has the program's name.
    if (argv[1]?.startsWith("-") === true && argv.slice(2).some(callsUsrsvc)) return true;
    return isNamedUsrsvc(argv);
  } catch (error) {
    if (error instanceof ProcError) return false;
    throw error;
  }
}
