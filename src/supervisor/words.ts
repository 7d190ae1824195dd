import { showExit } from "../events/shown-exit.ts";
import type { Alert } from "../events/alert.ts";
import { type Found, isByMark } from "../identity/identify.ts";
import type { ProgramRecord } from "../state/record.ts";

/** Whom the record names where no usrsvc has ended it. */
export const NOBODY = "not usrsvc";

/** How it ended goes before this: `killed by SIGKILL`. */
export function byWhom(by: string | undefined): string {
  if (by === undefined) return "";
  return by === NOBODY ? ", not by usrsvc" : `, by ${by}`;
}

/** How a process that was not started from here became known. */
export function describeTakeUp(
  { process: { pid }, via, launch }: Found & { kind: "running" },
  record: ProgramRecord | undefined,
): string {
  switch (via) {
    case "launch":
      if (isByMark(launch, record)) return `runs already, pid ${pid}, known by its mark`;
      return `runs, pid ${pid}, ${describeAsked(record) ?? "known from its record"}`;
    case "pidfile":
      return `runs already, pid ${pid}, found by its pidfile`;
    case "scan":
      return `runs already, pid ${pid}, found among all processes`;
  }
}

/** Who has launched what an operator wanted; undefined where he did not, or nobody knows. */
export function describeAsked(record: ProgramRecord | undefined): string | undefined {
  if (record?.by !== "usrsvc" || record.launcher === undefined) return undefined;
  return record.launcher === "usrsvc"
    ? "started by hand"
    : "started by usrsvcd, as usrsvc has asked";
}

/** How it ended last, for the mail. */
export function lastEnd({ lastExit }: ProgramRecord): Pick<Alert, "exit" | "pid" | "output"> {
  if (lastExit === undefined) return { exit: undefined, pid: undefined, output: [] };
  const { exit, pid, wrote } = lastExit;
  return { exit: showExit(exit), pid, output: wrote === undefined ? [] : [wrote] };
}
