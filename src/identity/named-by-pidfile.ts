import { ProcError } from "../../proc/error.ts";
import { type Pid, type ProcessRef, TICKS_PER_SECOND } from "../../proc/pid.ts";
import type { ProgramSettings } from "../config/settings.ts";
import { tellOf, type Verdict } from "./finding.ts";
import type { IdentifyPorts } from "./identify-ports.ts";
import { launchedAt } from "./mark.ts";
import type { Pattern } from "./match.ts";
import { matches } from "./matching.ts";
import { isLeftOver } from "./successor.ts";
import { isWrittenSince } from "../state/pidfile.ts";
import type { ProgramRecord } from "../state/record.ts";

/** Longest time between a start and the birth of what it puts into the background, in seconds. */
const BORN_WITHIN_S = 60;

/** The part of the settings by which a process is found. */
export type Searchable = Pick<ProgramSettings, "pidfile" | "autopid" | "scanForProcess">;

/** What the pidfile names is the program if it matches; one that the program wrote itself counts for more. */
export function checkNamed(
  pid: Pid,
  { autopid, pidfile }: Searchable,
  pattern: Pattern,
  record: ProgramRecord | undefined,
  ports: IdentifyPorts,
): ProcessRef | undefined {
  const ref = ports.proc.alive(pid);
  const not = (verdict: Verdict): undefined => {
    tellOf(ports.tell, ref ?? { pid }, verdict);
    return undefined;
  };
  if (ref === undefined) return not({ kind: "ended", where: "pidfile" });
  const uid = uidOf(pid, ports);
  if (uid !== ports.uid) return not({ kind: "not-ours", uid });
  const isMatch = matches(ref, pattern, ports, "/");
  if (!isMatch && autopid) return not({ kind: "unlike" });
  const relation = ports.relation(ref);
  if (relation === "other") return not({ kind: "others" });
  const isBorn = isBornOfStart(ref, record);
  const isIts = isMatch || isBorn || hasWritten(pidfile, ref, record, ports);
  if (relation === "free" && !isIts) return not({ kind: "unproven" });
  if (relation === "own" && isMatch && isLeftOver(ref, record, ports)) {
    return not({ kind: "left-over" });
  }
  const how = isMatch ? "matches" : relation === "own" ? "own" : isBorn ? "born" : "written";
  tellOf(ports.tell, ref, { kind: "named", how });
  return ref;
}

/**
 * Of a start that was broken off: a daemon may have written over its mark, and its first process may have
 * left before anybody saw more of it than the pidfile that it has written.
 */
function isBornOfStart({ startTime }: ProcessRef, record: ProgramRecord | undefined): boolean {
  if (record?.state !== "starting" || record.launched === undefined) return false;
  const ticks = startTime - record.launched.startTime;
  return ticks >= 0 && ticks <= BORN_WITHIN_S * TICKS_PER_SECOND;
}

/**
 * A pidfile that the program writes itself. After a launch: what it has become since, whatever its title; else
 * it may have been started by hand.
 */
function hasWritten(
  pidfile: string,
  ref: ProcessRef,
  record: ProgramRecord | undefined,
  { proc, executes }: IdentifyPorts,
): boolean {
  if (!isWrittenSince(pidfile, ref, proc.uptime())) return false;
  const at = record?.launch === undefined ? undefined : launchedAt(record.launch);
  return (at !== undefined && ref.startTime >= at) || executes(ref);
}

/** Undefined: it is gone, or hidden. */
function uidOf(pid: Pid, { proc }: IdentifyPorts): number | undefined {
  try {
    return proc.uid(pid);
  } catch (error) {
    if (error instanceof ProcError) return undefined;
    throw error;
  }
}
