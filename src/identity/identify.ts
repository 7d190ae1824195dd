import { ProcError } from "../../proc/error.ts";
import { type Pid, type ProcessRef, sameProcess, TICKS_PER_SECOND } from "../../proc/pid.ts";
import { type ProcReader, statIfAny } from "../../proc/reader.ts";
import { isDescendant, tops } from "../../proc/tree.ts";
import type { ProgramSettings } from "../config/settings.ts";
import { candidates } from "./candidates.ts";
import { launchedAt, markOf } from "./mark.ts";
import type { LivingLaunch, Relation } from "./lineage.ts";
import type { Pattern } from "./match.ts";
import type { Owners } from "./owners.ts";
import { isWrittenSince, type Pidfile, readPidfile } from "../state/pidfile.ts";
import type { TableEntry } from "./process-classifier.ts";
import type { ProgramRecord, Via } from "../state/record.ts";
import { exitNoted } from "../state/transitions.ts";

/** Which process a program is, or that it is none. */
export type Found =
  | {
      readonly kind: "running";
      /** The program is up for as long as this one lives. */
      readonly process: ProcessRef;
      /**
       * Where a shell is the program: the process that does its work by now, which the pidfile names
       * and which is told to stop. Undefined: `process` itself, or nobody has looked.
       */
      readonly main: ProcessRef | undefined;
      readonly via: Via;
      readonly pidfile: Pidfile;
      /** Other processes that match as well and are none of its workers. */
      readonly others: readonly ProcessRef[];
      /** The launch that has made it, which is on record no more. */
      readonly launch?: string;
      /** It stems from no launch of the program: somebody else has started it, and others beside it. */
      readonly isFree?: true;
    }
  | {
      readonly kind: "absent";
      readonly pidfile: Pidfile;
      /** What matches, and is another program's. */
      readonly taken?: readonly ProcessRef[];
    };

/** True where nothing is on record any more: what was launched is known by its mark alone. */
export function isByMark(launch: string | undefined, record: ProgramRecord | undefined): boolean {
  return launch !== undefined && record?.process === undefined;
}

/** What looking asks of the host. */
export interface IdentifyPorts {
  readonly proc: ProcReader;
  readonly uid: number;
  /** All own processes; undefined where that is not worth it. */
  readonly processes: (() => readonly TableEntry[]) | undefined;
  /** Whose a process is, apart from its words. */
  readonly relation: (process: ProcessRef) => Relation;
  /** The launch that has made this process for the program, if that is on nobody's record. */
  readonly launchOf: (process: ProcessRef) => string | undefined;
  /** What was launched for the program last, as it is noted at its lock, if it lives. */
  readonly lastLaunch: () => LivingLaunch | undefined;
  /** The program that has this process on record. */
  readonly ownerOf: Owners["ownerOf"];
  /** True where a process runs the file that the program's command executes, whatever its title. */
  readonly executes: (process: ProcessRef) => boolean;
  /**
   * True where a process that bears no mark runs a file that the command names (`nice redis-server`), and writes
   * to the program's log, and to no other's.
   */
  readonly writesItsLog: (process: ProcessRef) => boolean;
}

/** Longest time between a start and the birth of what it puts into the background, in seconds. */
const BORN_WITHIN_S = 60;

/** The part of the settings by which a process is found. */
export type Searchable = Pick<ProgramSettings, "pidfile" | "autopid" | "scanForProcess">;

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
  const pidfile = readPidfile(program.pidfile);
  const recorded = livingRecorded(record, pattern, ports);
  if (recorded !== undefined) {
    const main = mainOf(recorded, record, pattern, ports);
    return running(recorded, main, record?.via ?? "launch", pidfile);
  }
  const last = pattern.isLaunched ? launchedSince(record, ports) : undefined;
  if (last !== undefined) {
    return { ...running(last.process, undefined, "launch", pidfile), launch: last.launch };
  }
  if (pidfile.kind === "pid") {
    const named = checkNamed(pidfile.pid, program, pattern, record, ports);
    const lost = named && isLost(record) ? launchOf(named, pattern, ports) : undefined;
    if (lost !== undefined)
      return { ...running(lost.process, undefined, "launch", pidfile), ...lost };
    if (named !== undefined) {
      const found = running(named, undefined, "pidfile", pidfile);
      return ports.relation(named) === "free" ? { ...found, isFree: true } : found;
    }
  }
  if (!program.scanForProcess || ports.processes === undefined) return { kind: "absent", pidfile };
  return scan(pattern, record, pidfile, ports, ports.processes());
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

function running(
  process: ProcessRef,
  main: ProcessRef | undefined,
  via: Via,
  pidfile: Pidfile,
): Found & { readonly kind: "running" } {
  return { kind: "running", process, main, via, pidfile, others: [] };
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
  if (ref === undefined || record === undefined) return undefined;
  const owner = ports.ownerOf(ref, record.name);
  if (owner !== undefined && owner !== record.name) return undefined; // two records name it
  if (record.state !== "starting" || (pattern.isLaunched && record.via === "launch")) return ref;
  return matches(ref, pattern, ports) ? ref : undefined;
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

/** What does the work of a shell line: among the descendants of the shell, and in its session. */
export function workBelow(
  { pid }: ProcessRef,
  pattern: Pattern,
  all: readonly TableEntry[],
): ProcessRef | undefined {
  const matching = candidates(pattern, all).filter(({ argv }) => pattern.doesWork(argv));
  if (matching.length === 0) return undefined;
  const parents = new Map(all.map((one) => [one.ref.pid as number, one.ppid]));
  const below = matching.filter(
    ({ ref, session }) =>
      ref.pid !== pid && (session === pid || isDescendant(ref.pid, pid, (one) => parents.get(one))),
  );
  return topMatches(below, all)[0]?.ref;
}

/** What the pidfile names is the program if it matches; one that the program wrote itself counts for more. */
function checkNamed(
  pid: Pid,
  { autopid, pidfile }: Searchable,
  pattern: Pattern,
  record: ProgramRecord | undefined,
  ports: IdentifyPorts,
): ProcessRef | undefined {
  const ref = ports.proc.alive(pid);
  if (ref === undefined || !isOurs(pid, ports)) return undefined;
  const isMatch = matches(ref, pattern, ports, "/");
  if (!isMatch && autopid) return undefined;
  const relation = ports.relation(ref);
  if (relation === "other") return undefined;
  const isIts = isMatch || isBornOfStart(ref, record) || hasWritten(pidfile, ref, record, ports);
  if (relation === "free" && !isIts) return undefined;
  if (relation === "own" && isMatch && isLeftOver(ref, record, ports)) return undefined;
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

function isOurs(pid: Pid, { proc, uid }: IdentifyPorts): boolean {
  try {
    return proc.uid(pid) === uid;
  } catch (error) {
    if (error instanceof ProcError) return false;
    throw error;
  }
}

/** `elsewhere`: a folder into which it may have gone, although it was started in the program's. */
function matches(
  { pid }: ProcessRef,
  pattern: Pattern,
  { proc }: IdentifyPorts,
  elsewhere?: string,
): boolean {
  try {
    const argv = proc.cmdline(pid);
    return pattern.matches(argv) && isInPlace(pid, pattern, proc, elsewhere);
  } catch (error) {
    if (error instanceof ProcError) return false; // it left meanwhile, or is another's
    throw error;
  }
}

/** A command with a relative path means a file in the program's folder: elsewhere it is another. */
function isInPlace(
  pid: Pid,
  { folder }: Pattern,
  proc: ProcReader,
  elsewhere: string | undefined,
): boolean {
  if (folder === undefined) return true;
  const cwd = proc.cwd(pid);
  return cwd === folder || cwd === elsewhere;
}

/** The same, false for one that is gone, or hidden. */
export function isInPlaceNow(
  pid: Pid,
  pattern: Pattern,
  proc: ProcReader,
  elsewhere?: string,
): boolean {
  try {
    return isInPlace(pid, pattern, proc, elsewhere);
  } catch (error) {
    if (error instanceof ProcError) return false; // gone, or hidden
    throw error;
  }
}

/** Several matches: workers are left out; of several tops the oldest is meant, the others are reported. */
function scan(
  pattern: Pattern,
  record: ProgramRecord | undefined,
  pidfile: Pidfile,
  ports: IdentifyPorts,
  all: readonly TableEntry[],
): Found {
  const lost = isLost(record) ? lostLaunch(pattern, ports, all) : undefined;
  if (lost !== undefined)
    return { ...running(lost.process, undefined, "launch", pidfile), ...lost };
  const own: TableEntry[] = [];
  const free: TableEntry[] = [];
  const others: ProcessRef[] = [];
  const title = record?.title;
  for (const one of title === undefined ? candidates(pattern, all) : all) {
    const isMatch = pattern.matches(one.argv);
    if (!isMatch && !isNamesake(one, record, ports)) continue;
    if (!sameProcess(ports.proc.alive(one.ref.pid), one.ref)) continue; // the look may be an older one
    if (ranOn(one.ref, record)) continue;
    const relation = ports.relation(one.ref);
    if (relation === "own") own.push(one);
    // What descends from its own is no candidate, but is not free either.
    else if (!isMatch) continue;
    else if (relation === "free" && isFreeMatch(one, pattern, ports)) free.push(one);
    else if (relation === "other" && isInPlaceNow(one.ref.pid, pattern, ports.proc)) {
      others.push(one.ref);
    }
  }
  const heir = successor(topMatches(own, all), record, ports);
  if (heir !== undefined) return running(heir, undefined, "scan", pidfile);
  const [first, ...more] = topMatches(free, all).map((one) => one.ref);
  if (first !== undefined) {
    return { ...running(first, undefined, "scan", pidfile), others: more, isFree: true };
  }
  const writer = isLost(record) ? lostWriter(pattern, ports, all) : undefined;
  if (writer !== undefined) return running(writer, undefined, "scan", pidfile);
  if (others.length === 0) return { kind: "absent", pidfile };
  return { kind: "absent", pidfile, taken: others };
}

/** Of a program that gave itself a title: what has the same one, and was executed again. */
function isNamesake(
  { ref, argv }: TableEntry,
  record: ProgramRecord | undefined,
  { proc }: IdentifyPorts,
): boolean {
  const title = record?.title;
  if (title === undefined || title.length !== argv.length) return false;
  if (!title.every((word, index) => word === argv[index])) return false;
  return statIfAny(proc, ref.pid)?.image !== record?.image;
}

/** Where the record is lost, its launch may be as well; one that was never made leaves nothing either. */
function isLost(record: ProgramRecord | undefined): boolean {
  return record?.launch === undefined && record?.process === undefined && !isDown(record);
}

/** An operator has stopped it, and that is done: what still runs of it was named, and is on its own. */
function isDown(record: ProgramRecord | undefined): boolean {
  return record?.desired === "down" && record.state === "stopped";
}

/** An operator has stopped the program; false for what was launched since: its record was never written. */
function isLeftByStop(
  { pid }: ProcessRef,
  record: ProgramRecord | undefined,
  proc: ProcReader,
): boolean {
  if (record === undefined || !isDown(record)) return false;
  const launch = markOf(proc, pid)?.launch;
  const at = launch === undefined || launch === record.launch ? undefined : launchedAt(launch);
  const knownAt = record.launch === undefined ? record.desiredAt : launchedAt(record.launch);
  return at === undefined || knownAt === undefined || at <= knownAt;
}

/** True for what an operator's stop has named as still running. */
export function ranOn(process: ProcessRef, record: ProgramRecord | undefined): boolean {
  return record?.runsOn?.some((ref) => sameProcess(ref, process)) === true;
}

/** Of what the pidfile names: the shell that does its work through it, say. */
function launchOf(
  { pid }: ProcessRef,
  pattern: Pattern,
  { proc, launchOf: ask }: IdentifyPorts,
): LivingLaunch | undefined {
  const session = statIfAny(proc, pid)?.session as Pid | undefined;
  const leader = session === undefined ? undefined : proc.alive(session);
  const launch = leader && pattern.isLaunched ? ask(leader) : undefined;
  return leader === undefined || launch === undefined ? undefined : { process: leader, launch };
}

/** What was launched is the program, also where its words do not say so: nice(1) has become another, say. */
function lostLaunch(
  pattern: Pattern,
  ports: IdentifyPorts,
  all: readonly TableEntry[],
): LivingLaunch | undefined {
  if (!pattern.isLaunched) return undefined;
  let best: (LivingLaunch & { readonly isMatch: boolean }) | undefined;
  for (const { ref, argv, session } of all) {
    const launch = session === Number(ref.pid) ? ports.launchOf(ref) : undefined;
    if (launch === undefined) continue;
    // Among several, one that continues in a session of its own may come from an earlier launch.
    const isMatch = pattern.matches(argv);
    const isBetter =
      best === undefined ||
      (isMatch === best.isMatch ? ref.startTime > best.process.startTime : isMatch);
    if (isBetter) best = { process: ref, launch, isMatch };
  }
  return best && { process: best.process, launch: best.launch };
}

/**
 * What was launched where the record of that is lost, and it has written a title over its mark as well, as
 * redis does: it leads its session, runs a file of the command, and writes to the program's log.
 */
function lostWriter(
  { isLaunched, isShell }: Pattern,
  ports: IdentifyPorts,
  all: readonly TableEntry[],
): ProcessRef | undefined {
  if (!isLaunched || isShell) return undefined;
  return all.find(
    ({ ref, argv, session }) =>
      argv.length > 0 && // no thread of the kernel
      session === Number(ref.pid) &&
      ports.writesItsLog(ref) &&
      ports.relation(ref) !== "other",
  )?.ref;
}

function isFreeMatch(
  { ref, argv }: TableEntry,
  pattern: Pattern,
  { proc }: IdentifyPorts,
): boolean {
  if (pattern.endings === undefined && LOOKERS.test(argv[0] ?? "")) return false;
  try {
    // One that is just about to end has no memory any more: neither a mark nor a command line.
    return pattern.matches(proc.cmdline(ref.pid)) && isInPlace(ref.pid, pattern, proc, undefined);
  } catch (error) {
    if (error instanceof ProcError) return false;
    throw error;
  }
}

/** A command that looks at a program, or at its log, has the program's name in its words, and so an expression finds it. */
const LOOKERS =
  /(^|\/)(cat|emacs|gdb|grep|egrep|head|journalctl|less|lsof|man|more|nano|nvim|pgrep|ps|sed|strace|tail|tee|vi|view|vim|watch)$/;

/**
 * Of what the program has launched and what matches: the one that took its place (a classic daemon
 * whose first process has left, an upgrade of gunicorn). Several side by side are workers.
 */
function successor(
  matching: readonly TableEntry[],
  record: ProgramRecord | undefined,
  ports: IdentifyPorts,
): ProcessRef | undefined {
  const [first, ...others] = matching;
  if (first === undefined || isLeftByStop(first.ref, record, ports.proc)) return undefined;
  const mayBeSeveral = record?.process === undefined || record.state === "starting";
  if (others.length > 0 && !mayBeSeveral) return undefined;
  return isLeftOver(first.ref, record, ports) ? undefined : first.ref;
}

/**
 * A worker that a dead process has left behind: forked from it, so that it is its copy, in its session.
 * What was executed again, or leads a session, or whose parent exited with 0, takes its place, unless an
 * operator has stopped the program: so does what was launched, when a record that is damaged names it wrongly.
 */
function isLeftOver(
  ref: ProcessRef,
  record: ProgramRecord | undefined,
  { proc }: IdentifyPorts,
): boolean {
  if (record?.image === undefined || record.state === "starting") return false;
  const stat = statIfAny(proc, ref.pid);
  if (stat?.image !== record.image) return false;
  if (isDown(record)) return isLeftByStop(ref, record, proc);
  if (stat.session === Number(ref.pid)) return false;
  const { launched, process, session, lastExit } = record;
  return [launched?.pid, process?.pid, session, lastExit?.pid].includes(stat.session);
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
