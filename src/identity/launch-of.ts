import { type ProcessRef, sameProcess } from "../../proc/pid.ts";
import { statIfAny } from "../../proc/reader.ts";
import { programLock } from "../state/lock.ts";
import { lockNote } from "../state/lock-text.ts";
import { isSetuid, type LineageHost } from "./lineage.ts";
import { isLaunchedItself, knownMark, unfinishedLaunch } from "./mark.ts";

/**
 * The launch of a process that was launched for the program `name` and is on nobody's record: undefined
 * where it was not, or only stems from what was.
 */
export function launchOf(ref: ProcessRef, name: string, host: LineageHost): string | undefined {
  const mark = knownMark(ref, host);
  // First what costs nothing: records are read for the one process in question only.
  if (mark?.home !== host.home || mark.program !== name) return undefined;
  if ((host.ownerOfLaunch?.(mark.launch) ?? name) !== name) return undefined;
  if ((host.ownerOf(ref) ?? name) !== name || isSetuid(ref, host)) return undefined;
  const stat = statIfAny(host.proc, ref.pid);
  if (stat?.startTime !== ref.startTime || !isLaunchedItself(stat, mark.launch)) return undefined;
  const note = lockNote(programLock(host.state, name));
  const noted = unfinishedLaunch(note, undefined, host);
  // It may be what the launched one has made: the note says so, if it is of that launch.
  const isOther = noted?.id === mark.launch && !sameProcess(noted.launched, ref);
  return isOther ? undefined : mark.launch;
}

/** A launch, and what was launched, which lives. */
export interface LivingLaunch {
  readonly process: ProcessRef;
  readonly launch: string;
}

/** What was launched last for the program `name`, whatever its record says; undefined where that has ended. */
export function lastLaunch(name: string, host: LineageHost): LivingLaunch | undefined {
  const note = lockNote(programLock(host.state, name));
  const noted = unfinishedLaunch(note, undefined, host);
  const process = noted?.launched;
  if (noted === undefined || process === undefined) return undefined;
  if (!sameProcess(host.proc.alive(process.pid), process)) return undefined;
  return (host.ownerOf(process) ?? name) === name ? { process, launch: noted.id } : undefined;
}
