import { ProcError } from "../../proc/error.ts";
import { type ProcessRef, sameProcess } from "../../proc/pid.ts";
import type { ProcReader } from "../../proc/reader.ts";
import type { ProgramRecord } from "../state/record.ts";
import { type RecordPorts, RecordStore } from "../state/record-store.ts";
import { nameOf } from "../lib/accounts.ts";
import { isLaunchedItself } from "./mark.ts";

/*
 * Processes of other accounts. A program may become one (sudo, a setuid file), and is the program all the same,
 * although it cannot be ended from here. But a record may also name one that never was the program.
 */

/** The account of a process that this account cannot signal; undefined: it can, or the process is gone. */
export function foreignOwner(
  { pid }: ProcessRef,
  proc: Pick<ProcReader, "uid" | "uids">,
  us = process.getuid?.() ?? 0,
): number | undefined {
  try {
    if (us === 0 || proc.uid(pid) === us) return undefined;
    // The folder of one that hides its memory is root's, whoever it is. Which ids count: kill(2).
    const [real, , saved] = proc.uids(pid);
    return real === us || saved === us ? undefined : real;
  } catch (error) {
    if (error instanceof ProcError) return undefined;
    throw error;
  }
}

/**
 * What process the record names, in words, where that is another account's and was not launched for the program
 * either; undefined: it may be the program's.
 */
export function misnamed(
  record: ProgramRecord | undefined,
  proc: Pick<ProcReader, "uid" | "uids" | "alive" | "stat">,
  us?: number,
): string | undefined {
  const ref = record?.process;
  if (ref === undefined) return undefined;
  const owner = foreignOwner(ref, proc, us);
  if (owner === undefined || !sameProcess(proc.alive(ref.pid), ref)) return undefined;
  const { launch } = record ?? {};
  if (launch !== undefined && wasLaunched(ref, launch, proc)) return undefined;
  return `process ${ref.pid}, which belongs to ${nameOf(owner)} and is not the program`;
}

function wasLaunched({ pid }: ProcessRef, launch: string, proc: Pick<ProcReader, "stat">): boolean {
  try {
    return isLaunchedItself(proc.stat(pid), launch);
  } catch (error) {
    if (error instanceof ProcError) return false;
    throw error;
  }
}

/** The record of a program, which is not believed where it names what cannot be the program. */
export function recordStore(name: string, host: RecordPorts): RecordStore {
  return new RecordStore(name, host, misnamed);
}
