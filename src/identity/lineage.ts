import { isLaunchShell } from "./launch-shell.ts";
import { ProcError } from "../../proc/error.ts";
import { type Pid, type ProcessRef, sameProcess } from "../../proc/pid.ts";
import { statIfAny } from "../../proc/reader.ts";
import type { Stat } from "../../proc/stat.ts";
import { isDescendant } from "../../proc/tree.ts";
import { isSameFile } from "../lib/same-file.ts";
import type { IdentityPorts } from "./ports.ts";
import { programLock } from "../state/lock.ts";
import { lockNote } from "../state/lock-text.ts";
import { isLaunchedItself, type Mark, markOf, unfinishedLaunch } from "./mark.ts";
import type { Kin } from "./finding.ts";
import type { Neighbour } from "./neighbours.ts";
import type { TableEntry } from "./process-classifier.ts";
import { isRivals } from "./rivals.ts";

/*
 * Whose a process is. What was launched for a program, and all that descends from it, stands in its
 * session or bears its mark, belongs to that program and to no other, whatever its command line says.
 * Words decide among what belongs to nobody.
 */

/** How a process stands to a program: its own, nobody's, or another's (another usrsvc's, or one of us). */
export type Relation = "own" | "free" | "other";

type LineageHost = Pick<
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

/** By the process of a look: a thousand programs may ask about a thousand processes. Null: it has none. */
const marks = new WeakMap<ProcessRef, Mark | null>();

/** The mark of a process of a look, read once for all who ask; undefined: it has none. */
export function knownMark(
  ref: ProcessRef,
  { proc }: Pick<IdentityPorts, "proc">,
): Mark | undefined {
  let mark = marks.get(ref);
  if (mark === undefined) marks.set(ref, (mark = markOf(proc, ref.pid) ?? null));
  return mark ?? undefined;
}

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

/** What a launch has made, as far as it is known. */
export interface Launch {
  /** Its id. */
  readonly launch: string | undefined;
  /** The leader of its session. */
  readonly launched: ProcessRef;
  /** `image` (proc/stat.ts) of what was launched: what it forks without exec has the same. */
  readonly image?: number | undefined;
  /** The session that what went to the background has made. */
  readonly session?: number | undefined;
}

/**
 * All living processes that stem from a launch, what was launched among them. With `host` also those
 * that left its tree and its session, by their mark, or as copies of what was launched: that takes two
 * reads for each one born since.
 */
export function offspring(
  { launch, launched, image, session: own }: Launch,
  all: readonly TableEntry[],
  host?: Pick<IdentityPorts, "proc">,
): readonly TableEntry[] {
  const parents = new Map(all.map((one) => [one.ref.pid as number, one.ppid]));
  return all.filter(({ ref, session }) => {
    if (ref.startTime < launched.startTime || ref.pid === process.pid) return false;
    if (ref.pid === launched.pid || session === launched.pid || session === own) return true;
    if (isDescendant(ref.pid, launched.pid, (pid) => parents.get(pid))) return true;
    if (host === undefined || launch === undefined) return false;
    return bearsLaunch(ref, { launch, image }, host.proc);
  });
}

/** True for what bears the mark of the launch; or none, and is a copy: daemons such as redis write over theirs. */
export function bearsLaunch(
  ref: ProcessRef,
  { launch, image }: Pick<Launch, "launch" | "image">,
  proc: IdentityPorts["proc"],
): boolean {
  const mark = markOf(proc, ref.pid);
  return mark === undefined ? isCopy(ref, image, proc) : mark.launch === launch;
}

/**
 * True while anything lives that stems from the launch on record: of a daemon the first process leaves
 * before its pidfile names the one that stays.
 */
export function isLaunchAlive(
  launch: Launch,
  host: Pick<IdentityPorts, "proc" | "table">,
): boolean {
  const { launched } = launch;
  if (sameProcess(host.proc.alive(launched.pid), launched)) return true;
  return offspring(launch, host.table.scan({ thorough: true }), host).length > 0;
}

/** True for what was forked from a process with this `image`, and did not execute anything since. */
export function isCopy(
  { pid }: ProcessRef,
  image: number | undefined,
  proc: IdentityPorts["proc"],
): boolean {
  return (image ?? 0) > 0 && statIfAny(proc, pid)?.image === image;
}

/** Nobody's yet, but about to be claimed by the program for which it was launched. */
function isBeingLaunched({ pid }: ProcessRef, host: LineageHost): boolean {
  const { proc, launching } = host;
  if (launching.size === 0 || statIfAny(proc, pid)?.ppid !== process.pid) return false;
  // One that nobody has any more was launched before; an orphan, which the kernel gave us, is older.
  return !host.watcher().isChild(pid) && host.spawner().underway(pid) !== undefined;
}

/** A program that is made to run as another belongs to who started it. */
function isSetuid({ pid }: ProcessRef, { proc }: Pick<IdentityPorts, "proc">): boolean {
  try {
    return new Set(proc.uids(pid)).size > 1;
  } catch (error) {
    if (error instanceof ProcError) return false; // gone
    throw error;
  }
}

/** Ourselves or one of our ancestors: a shell in whose command line the program's name stands. */
function isOurselves(ref: ProcessRef, host: Pick<IdentityPorts, "proc">): boolean {
  let pid: number = process.pid;
  for (let steps = 0; pid > 0 && steps < 100; steps += 1) {
    if (pid === ref.pid) return true;
    try {
      pid = host.proc.stat(pid as typeof ref.pid).ppid;
    } catch (error) {
      if (error instanceof ProcError) return false;
      throw error;
    }
  }
  return false;
}

function callsUsrsvc(word: string): boolean {
  return /(^|[\s/;&|(])usrsvcd?(\.cjs)?\s/.test(word);
}

/** True for a word by which usrsvc or usrsvcd is executed. */
export function namesUsrsvc(word: string): boolean {
  return /(^|\/)usrsvcd?(\.cjs|\.ts)?$/.test(word);
}

/** True for the command line of a usrsvc or usrsvcd. */
export function isNamedUsrsvc(argv: readonly string[]): boolean {
  // Between node and the script may stand any number of options.
  const script = argv.slice(1).find((word) => !word.startsWith("-"));
  return [...argv.slice(0, 3), script].some((word) => word !== undefined && namesUsrsvc(word));
}

/** A usrsvc or usrsvcd at work, or a shell that is to become a program, has the names and commands of programs in its own argv. */
function isUsrsvc(ref: Pick<ProcessRef, "pid">, host: Pick<IdentityPorts, "proc">): boolean {
  try {
    const argv = host.proc.cmdline(ref.pid);
    if (isLaunchShell(argv)) return true;
    // `sh -c "usrsvc stop celery && …"`, of ssh, cron and the like: it has the program's name.
    if (argv[1]?.startsWith("-") === true && argv.slice(2).some(callsUsrsvc)) return true;
    return isNamedUsrsvc(argv);
  } catch (error) {
    if (error instanceof ProcError) return false;
    throw error;
  }
}
