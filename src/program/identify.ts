import { ProcError } from "../../proc/error.ts";
import { type Pid, type ProcessRef, sameProcess } from "../../proc/pid.ts";
import type { ProcReader } from "../../proc/reader.ts";
import { tops } from "../../proc/tree.ts";
import type { ProgramSettings } from "../config/settings.ts";
import { candidates } from "./candidates.ts";
import type { Pattern } from "./match.ts";
import { type Pidfile, readPidfile } from "./pidfile.ts";
import type { TableEntry } from "./process-judge.ts";
import type { ProgramRecord, Via } from "./record.ts";

/** Which process a program is, or that it is none. */
export type Found =
  | {
      readonly kind: "running";
      readonly process: ProcessRef;
      readonly via: Via;
      readonly pidfile: Pidfile;
      /** Other processes that match as well and are none of its workers. */
      readonly others: readonly ProcessRef[];
    }
  | { readonly kind: "absent"; readonly pidfile: Pidfile };

/** What looking asks of the host. */
export interface IdentifyPorts {
  readonly proc: ProcReader;
  readonly uid: number;
  /** All own processes; called only when pidfile and record do not lead to the program. */
  readonly processes: () => readonly TableEntry[];
  /** True for a process that is recorded for another program, or is one of us. */
  readonly isTaken: (pid: ProcessRef) => boolean;
}

/** The part of the settings by which a process is found. */
export type Searchable = Pick<ProgramSettings, "pidfile" | "scanForProcess">;

/**
 * Finds a program's process: the pidfile, checked against the match rule; else the recorded
 * process, which is known by its start time and needs no match; else one look through all own
 * processes. Changes nothing: the caller mends the pidfile.
 */
export function identify(
  program: Searchable,
  pattern: Pattern,
  record: ProgramRecord | undefined,
  ports: IdentifyPorts,
): Found {
  const pidfile = readPidfile(program.pidfile);
  const recorded = matchedRecord(record, pattern, ports);
  if (pidfile.kind === "pid") {
    if (recorded?.pid === pidfile.pid) return running(recorded, record?.via ?? "pidfile", pidfile);
    const named = checkPid(pidfile.pid, pattern, ports);
    if (named !== undefined) return running(named, "pidfile", pidfile);
  }
  if (recorded !== undefined) return running(recorded, record?.via ?? "launch", pidfile);
  if (!program.scanForProcess) return { kind: "absent", pidfile };
  return scan(pattern, pidfile, ports);
}

function running(process: ProcessRef, via: Via, pidfile: Pidfile): Found {
  return { kind: "running", process, via, pidfile, others: [] };
}

/** What was launched is the program only when it has matched, or is known to have been executed word for word. */
function matchedRecord(
  record: ProgramRecord | undefined,
  pattern: Pattern,
  ports: IdentifyPorts,
): ProcessRef | undefined {
  const ref = recordedProcess(record, ports.proc);
  if (ref === undefined || record?.phase !== "starting") return ref;
  if (pattern.isExecuted && record.via === "launch") return ref;
  return checkPid(ref.pid, pattern, ports);
}

/** The process on record, if it still lives. */
export function recordedProcess(
  record: ProgramRecord | undefined,
  proc: ProcReader,
): ProcessRef | undefined {
  const ref = record?.process;
  if (ref === undefined) return undefined;
  return sameProcess(proc.alive(ref.pid), ref) ? ref : undefined;
}

function checkPid(pid: Pid, pattern: Pattern, ports: IdentifyPorts): ProcessRef | undefined {
  try {
    const ref = ports.proc.alive(pid);
    if (ref === undefined || ports.proc.uid(pid) !== ports.uid || ports.isTaken(ref)) {
      return undefined;
    }
    return pattern.matches(ports.proc.cmdline(pid)) ? ref : undefined;
  } catch (error) {
    if (error instanceof ProcError) return undefined; // it left meanwhile, or is another's
    throw error;
  }
}

/** Several matches: workers are left out; of several tops the oldest is meant, the rest is told. */
function scan(pattern: Pattern, pidfile: Pidfile, ports: IdentifyPorts): Found {
  const all = ports.processes();
  const matching = candidates(pattern, all).filter(
    (one) =>
      pattern.matches(one.argv) &&
      sameProcess(ports.proc.alive(one.ref.pid), one.ref) && // the look may be an older one
      !ports.isTaken(one.ref),
  );
  if (matching.length === 0) return { kind: "absent", pidfile };
  const [first, ...others] = topMatches(matching, all).map((one) => one.ref);
  if (first === undefined) return { kind: "absent", pidfile };
  return { kind: "running", process: first, via: "scan", pidfile, others };
}

/** The matches that are no descendants of others, the oldest first. */
export function topMatches(
  matching: readonly TableEntry[],
  all: readonly TableEntry[],
): readonly TableEntry[] {
  if (matching.length < 2) return matching;
  const parents = new Map(all.map((one) => [one.ref.pid as number, one.ppid]));
  const kin = matching.map((entry) => ({ entry, pid: entry.ref.pid, ppid: entry.ppid }));
  return tops(kin, (pid) => parents.get(pid))
    .map(({ entry }) => entry)
    .sort((a, b) => a.ref.startTime - b.ref.startTime || a.ref.pid - b.ref.pid);
}
