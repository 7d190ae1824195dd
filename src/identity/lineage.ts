import { ProcError } from "../../proc/error.ts";
import type { Pid, ProcessRef } from "../../proc/pid.ts";
import { statIfAny } from "../../proc/reader.ts";
import type { Stat } from "../../proc/stat.ts";
import { isSameFile } from "../lib/same-file.ts";
import type { Kin } from "./finding.ts";
import { markOf } from "./mark.ts";
import type { Neighbour } from "./neighbours.ts";
import type { IdentityPorts } from "./ports.ts";
import { isRivals } from "./rivals.ts";
import { isNamedUsrsvc, isOurselves, isUsrsvc } from "./usrsvc-process.ts";

/*
 * Whose a process is. What was launched for a program, and all that descends from it, stands in its
 * session or bears its mark, belongs to that program and to no other, whatever its command line says.
 * Words decide among what belongs to nobody.
 */

/** How a process stands to a program: its own, nobody's, or another's (another usrsvc's, or one of us). */
export type Relation = "own" | "free" | "other";

/** What shows whose a process is. */
export type LineageHost = Pick<
  IdentityPorts,
  | "proc"
  | "ownerOf"
  | "ownerOfSession"
  | "ownerOfLaunch"
  | "home"
  | "config"
  | "isRetired"
  | "launching"
  | "watcher"
  | "spawner"
  | "neighbours"
  | "programs"
  | "state"
  | "env"
>;

/** Number of generations that are looked at. */
const MOST_ANCESTORS = 100;

/** A process and its living forebears, up to process 1, which is none. */
export function* line(pid: Pid, proc: IdentityPorts["proc"]): Generator<Stat> {
  let stat = statIfAny(proc, pid);
  for (let steps = 0; stat !== undefined && steps < MOST_ANCESTORS; steps += 1) {
    yield stat;
    stat = stat.ppid > 1 ? statIfAny(proc, stat.ppid as Pid) : undefined;
  }
}

/** Told what a relation follows from. */
type TellKin = (kin: Kin) => void;

/**
 * Whose this process is, as seen by the program `name`. A few reads of /proc. `tell` is called with what shows it, unless
 * nothing does.
 */
export function relation(
  ref: ProcessRef,
  name: string,
  host: LineageHost,
  tell?: TellKin,
): Relation {
  const recorded = host.ownerOf(ref);
  if (recorded !== undefined) {
    tell?.({ by: "record", program: recorded });
    return recorded === name ? "own" : "other";
  }
  const away = host.neighbours?.ownerOf(ref);
  const neighbours = away && relationToNeighbour(away, name, host, tell);
  if (neighbours !== undefined) return neighbours;
  const isUs = isOurselves(ref, host);
  if (isUs || isUsrsvc(ref, host)) {
    tell?.({ by: isUs ? "ourselves" : "usrsvc" });
    return "other";
  }
  // Whoever starts a setuid program chooses its environment.
  const isForeign = isSetuid(ref, host);
  const mark = isForeign ? undefined : byMark(ref.pid, name, host, tell);
  const known = mark ?? byKin(ref, name, host, tell);
  if (known !== undefined) return known;
  const isLaunching = isBeingLaunched(ref, host);
  if (isLaunching || isForeign) {
    tell?.({ by: isLaunching ? "launching" : "setuid" });
    return "other";
  }
  const { proc, env, programs } = host;
  const isOthers = programs !== undefined && isRivals(ref, name, { proc, env, programs }, tell);
  return isOthers ? "other" : "free";
}

/** By the mark in its environment; undefined where it has none, or one of a program that is gone. */
function byMark(
  pid: Pid,
  name: string,
  host: LineageHost,
  tell: TellKin | undefined,
): Relation | undefined {
  const mark = markOf(host.proc, pid);
  if (mark === undefined) return undefined;
  // What bears a mark of another usrsvc (another state_dir, a container) is never ours.
  if (mark.home !== host.home) {
    tell?.({ by: "foreign-mark", program: mark.program, pid });
    return "other";
  }
  const owner = host.ownerOfLaunch?.(mark.launch) ?? mark.program;
  if (owner !== name && host.isRetired(owner)) return undefined;
  tell?.({ by: "mark", program: owner, pid });
  return owner === name ? "own" : "other";
}

/** True for what bears the mark of another program of this home: one that is no more, where nobody claims it. */
export function isOfRetired({ pid }: ProcessRef, name: string, host: LineageHost): boolean {
  const mark = markOf(host.proc, pid);
  if (mark === undefined || mark.home !== host.home) return false;
  return (host.ownerOfLaunch?.(mark.launch) ?? mark.program) !== name;
}

/**
 * By its session and its forebears, and their marks: many a program writes its title over its
 * environment, or gives its children another. What stems from one that is being launched is known by
 * that one's mark alone: nobody has claimed it yet.
 */
function byKin(
  ref: ProcessRef,
  name: string,
  host: LineageHost,
  tell: TellKin | undefined,
): Relation | undefined {
  const { neighbours } = host;
  for (const { pid, startTime, session } of line(ref.pid, host.proc)) {
    if (pid !== ref.pid) {
      if (pid === process.pid) return undefined;
      if (isOtherUsrsvc({ pid }, host)) {
        tell?.({ by: "other-usrsvc", pid });
        return "other";
      }
      // A usrsvcd may itself run in a program of another: what it makes is not that one's.
      if (isUsrsvc({ pid }, host)) return undefined;
    }
    const owner = host.ownerOf({ pid, startTime }) ?? host.ownerOfSession(session);
    if (owner !== undefined) {
      tell?.({ by: "forebear", program: owner, pid: pid === ref.pid ? session : pid });
      return owner === name ? "own" : "other";
    }
    const away = neighbours?.ownerOf({ pid, startTime }) ?? neighbours?.ownerOfSession(session);
    const found = away && relationToNeighbour(away, name, host, tell);
    if (found !== undefined) return found;
    const marked = pid === ref.pid ? undefined : byMark(pid, name, host, tell);
    if (marked !== undefined) return marked;
  }
  return undefined;
}

/**
 * What another state folder has on record is another's; unless it is that which our own file named before.
 * Undefined: it had it for a program that is gone.
 */
function relationToNeighbour(
  away: Neighbour,
  name: string,
  { config, isRetired }: LineageHost,
  tell: TellKin | undefined,
): Relation | undefined {
  const isElsewhere = !isSameFile(away.config, config);
  if (!isElsewhere && away.name !== name && isRetired(away.name)) return undefined;
  tell?.({ by: "neighbour", program: away.name, config: away.config });
  return !isElsewhere && away.name === name ? "own" : "other";
}

/** Who started it is a usrsvcd that lives, or a usrsvc, and not that of our state folder. */
function isOtherUsrsvc(
  { pid }: Pick<ProcessRef, "pid">,
  { proc, neighbours }: LineageHost,
): boolean {
  if (neighbours === undefined || neighbours.isOurDaemon(pid)) return false;
  try {
    return isNamedUsrsvc(proc.cmdline(pid));
  } catch (error) {
    if (error instanceof ProcError) return false;
    throw error;
  }
}

/** Nobody's yet, but about to be claimed by the program for which it was launched. */
function isBeingLaunched({ pid }: ProcessRef, host: LineageHost): boolean {
  const { proc, launching } = host;
  if (launching.size === 0 || statIfAny(proc, pid)?.ppid !== process.pid) return false;
  // One that nobody has any more was launched before; an orphan, which the kernel gave us, is older.
  return !host.watcher().isChild(pid) && host.spawner().underway(pid) !== undefined;
}

/** A program that is made to run as another belongs to who started it. */
export function isSetuid({ pid }: ProcessRef, { proc }: Pick<IdentityPorts, "proc">): boolean {
  try {
    return new Set(proc.uids(pid)).size > 1;
  } catch (error) {
    if (error instanceof ProcError) return false; // gone
    throw error;
  }
}
