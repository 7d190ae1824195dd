import type { ProcessRef } from "../../proc/pid.ts";
import { sameProcess } from "../../proc/pid.ts";
import { type Tell, tellOf } from "./finding.ts";
import { type Found, running } from "./found.ts";
import { scan } from "./scan.ts";
import type { IdentifyPorts } from "./identify-ports.ts";
import type { LivingLaunch } from "./launch-of.ts";
import { launchOf } from "./lost-launch.ts";
import type { Pattern } from "./match.ts";
import { matches } from "./matching.ts";
import { checkNamed, type Searchable } from "./named-by-pidfile.ts";
import { isDown, isLost, ranOn, recordedProcess } from "./recorded.ts";
import { workBelow } from "./top-matches.ts";
import { readPidfile } from "../state/pidfile.ts";
import type { ProgramRecord } from "../state/record.ts";

/**
 * Finds a program's process: the recorded one, as long as it lives; else what the pidfile names,
 * checked; else, among all own processes, what matches and is the program's own by its lineage, or
 * nobody's. Changes nothing: the caller repairs the pidfile.
 */
export function identify(
  program: Searchable,
  pattern: Pattern,
  record: ProgramRecord | undefined,
  ports: IdentifyPorts,
): Found {
  const { tell } = ports;
  const pidfile = readPidfile(program.pidfile);
  tell?.({ about: "look", pidfile });
  const recorded = livingRecorded(record, pattern, ports);
  if (recorded !== undefined) {
    const main = mainOf(recorded, record, pattern, ports);
    tellOf(tell, recorded, { kind: "recorded", via: record?.via });
    if (main !== undefined) tellOf(tell, main, { kind: "work" });
    return running(recorded, main, record?.via ?? "launch", pidfile);
  }
  const last = pattern.isLaunched ? launchedSince(record, ports) : undefined;
  if (last !== undefined) {
    tellOf(tell, last.process, { kind: "noted-launch" });
    return { ...running(last.process, undefined, "launch", pidfile), launch: last.launch };
  }
  if (pidfile.kind === "pid") {
    const named = checkNamed(pidfile.pid, program, pattern, record, ports);
    const lost = named && isLost(record) ? launchOf(named, pattern, ports) : undefined;
    if (lost !== undefined) {
      tellOf(tell, lost.process, { kind: "marked-launch" });
      return { ...running(lost.process, undefined, "launch", pidfile), ...lost };
    }
    if (named !== undefined) {
      const found = running(named, undefined, "pidfile", pidfile);
      return ports.relation(named) === "free" ? { ...found, isFree: true } : found;
    }
  }
  if (!program.scanForProcess || ports.processes === undefined) {
    tell?.({ about: "search", how: program.scanForProcess ? "none" : "off" });
    return { kind: "absent", pidfile };
  }
  const all = ports.processes();
  tell?.({ about: "search", how: all.length });
  return scan(pattern, record, pidfile, ports, all);
}

/**
 * What was launched last, where the record names something else: that has ended unseen, or the record is damaged;
 * or an operator has stopped the program, and whoever has started it since was killed before that was on record.
 */
function launchedSince(
  record: ProgramRecord | undefined,
  { lastLaunch }: IdentifyPorts,
): LivingLaunch | undefined {
  if (record?.process !== undefined) return lastLaunch();
  if (record === undefined || !isDown(record)) return undefined;
  const last = lastLaunch();
  if (last === undefined || last.launch === record.launch) return undefined;
  return ranOn(last.process, record) ? undefined : last;
}

/**
 * The process on record, if it lives. What was launched is the program only when it has matched, or is
 * known to have been executed word for word.
 */
function livingRecorded(
  record: ProgramRecord | undefined,
  pattern: Pattern,
  ports: IdentifyPorts,
): ProcessRef | undefined {
  const ref = recordedProcess(record, ports.proc);
  if (ref === undefined || record === undefined) {
    tellEnded(record, ports.tell);
    return undefined;
  }
  const owner = ports.ownerOf(ref, record.name);
  if (owner !== undefined && owner !== record.name) {
    tellOf(ports.tell, ref, { kind: "claimed", program: owner }); // two records name it
    return undefined;
  }
  if (record.state !== "starting" || (pattern.isLaunched && record.via === "launch")) return ref;
  if (matches(ref, pattern, ports)) return ref;
  tellOf(ports.tell, ref, { kind: "unfinished" });
  return undefined;
}

function tellEnded(record: ProgramRecord | undefined, tell: Tell | undefined): void {
  if (record?.process !== undefined)
    tellOf(tell, record.process, { kind: "ended", where: "record" });
}

/** Of a shell that is the program: what matches below it. */
function mainOf(
  process: ProcessRef,
  record: ProgramRecord | undefined,
  pattern: Pattern,
  { processes }: IdentifyPorts,
): ProcessRef | undefined {
  if (!pattern.isShell || processes === undefined) return undefined;
  if (!sameProcess(record?.launched, process)) return undefined;
  return workBelow(process, pattern, processes());
}
