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
