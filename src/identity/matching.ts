import { ProcError } from "../../proc/error.ts";
import type { Pid, ProcessRef } from "../../proc/pid.ts";
import type { ProcReader } from "../../proc/reader.ts";
import type { IdentifyPorts } from "./identify-ports.ts";
import type { Pattern } from "./match.ts";

/**
 * True where a process has the words of the program, and is where it belongs. `elsewhere`: a folder into which it may have gone, although it was started in the program's.
 */
export function matches(
  { pid }: ProcessRef,
  pattern: Pattern,
  { proc }: IdentifyPorts,
  elsewhere?: string,
): boolean {
  try {
    const argv = proc.cmdline(pid);
    return pattern.matches(argv) && isInPlace(pid, pattern, proc, elsewhere);
  } catch (error) {
    if (error instanceof ProcError) return false; // it left meanwhile, or is another's
    throw error;
  }
}

/** A command with a relative path means a file in the program's folder: elsewhere it is another. */
export function isInPlace(
  pid: Pid,
  { folder }: Pattern,
  proc: ProcReader,
  elsewhere: string | undefined,
): boolean {
  if (folder === undefined) return true;
  const cwd = proc.cwd(pid);
  return cwd === folder || cwd === elsewhere;
}

/** The same, false for one that is gone, or hidden. */
export function isInPlaceNow(
  pid: Pid,
  pattern: Pattern,
  proc: ProcReader,
  elsewhere?: string,
): boolean {
  try {
    return isInPlace(pid, pattern, proc, elsewhere);
  } catch (error) {
    if (error instanceof ProcError) return false; // gone, or hidden
    throw error;
  }
}
