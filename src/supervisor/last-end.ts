import { type ProcessRef, sameProcess } from "../../proc/pid.ts";
import type { LastEnd } from "../events/last-end.ts";
import type { ProgramRecord } from "../state/record.ts";

/** Who has launched what an operator wanted; undefined where that was not so, or nobody knows. */
export function launcherOf(record: ProgramRecord | undefined): "asked" | "by-hand" | undefined {
  if (record?.by !== "usrsvc" || record.launcher === undefined) return undefined;
  return record.launcher === "usrsvc" ? "by-hand" : "asked";
}

/** Of a program that did not end yet, as far as anybody knows. */
export const noEnd: LastEnd = { exit: undefined, pid: undefined, output: [] };

/** How it ended last, for a mail. */
export function lastEnd({ lastExit }: ProgramRecord): LastEnd {
  if (lastExit === undefined) return noEnd;
  const { exit, pid, wrote } = lastExit;
  return { exit, pid, output: wrote === undefined ? [] : [wrote] };
}

/** By which command an operator has ended this process, as the record says; undefined where none did. */
export function operatorOf(
  dead: ProcessRef,
  record: ProgramRecord | undefined,
): string | undefined {
  const { ended, state, by, desired, process } = record ?? {};
  if (sameProcess(ended?.process, dead)) return ended?.by;
  if (by !== "usrsvc" || state !== "stopping" || !sameProcess(process, dead)) return;
  return desired === "down" ? "usrsvc stop" : "usrsvc restart"; // it was killed in the middle of it
}

/** An end of a process that no other took the place of. */
export const plainEnd = {
  kind: "program.exited",
  output: [],
  successor: undefined,
  how: undefined,
  reason: undefined,
} as const;
