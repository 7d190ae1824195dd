import { type ProcessRef, sameProcess } from "../../proc/pid.ts";
import type { ProcReader } from "../../proc/reader.ts";
import type { ProgramRecord } from "../state/record.ts";
import { exitNoted } from "../state/record-facts.ts";

/** The process on record, if it still lives. */
export function recordedProcess(
  record: ProgramRecord | undefined,
  proc: ProcReader,
): ProcessRef | undefined {
  const ref = record?.process;
  if (ref === undefined) return undefined;
  return sameProcess(proc.alive(ref.pid), ref) ? ref : undefined;
}

/**
 * The record with the end of its process, where that has ended and nobody has said how: what is on
 * record is the end of one before it.
 */
export function withUnseenEnd(record: ProgramRecord, proc: ProcReader): ProgramRecord {
  const { process, lastExit } = record;
  if (process === undefined || lastExit?.pid === process.pid) return record;
  if (recordedProcess(record, proc) !== undefined) return record;
  const at = new Date().toISOString();
  return exitNoted(record, { at, pid: process.pid, exit: { kind: "unknown" } });
}

/** Where the record is lost, its launch may be as well; one that was never made leaves nothing either. */
export function isLost(record: ProgramRecord | undefined): boolean {
  return record?.launch === undefined && record?.process === undefined && !isDown(record);
}

/** An operator has stopped it, and that is done: what still runs of it was named, and is on its own. */
export function isDown(record: ProgramRecord | undefined): boolean {
  return record?.desired === "down" && record.state === "stopped";
}

/** True for what an operator's stop has named as still running. */
export function ranOn(process: ProcessRef, record: ProgramRecord | undefined): boolean {
  return record?.runsOn?.some((ref) => sameProcess(ref, process)) === true;
}
