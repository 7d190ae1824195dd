import { describeLeft, leftOfLast } from "../lifecycle/stragglers.ts";
import { showExit } from "../events/shown-exit.ts";
import { ProcError } from "../../proc/error.ts";
import { parsePid, type ProcessRef, sameProcess } from "../../proc/pid.ts";
import { statIfAny } from "../../proc/reader.ts";
import { ageMs } from "../../proc/uptime.ts";
import { nameOf } from "../lib/accounts.ts";
import { formatDuration } from "../lib/format.ts";
import type { ProgramStatus } from "./status.ts";
import { differences } from "./differences.ts";
import { settingsDigest } from "../state/digest.ts";
import { describeElsewhere } from "../identity/elsewhere.ts";
import type { IdentityPorts } from "../identity/ports.ts";
import type { Found } from "../identity/identify.ts";
import { foreignOwner, misnamed } from "../identity/foreign.ts";
import { isLaunchAlive, relation } from "../identity/lineage.ts";
import { lockHolder, lockNote, programLock } from "../state/lock.ts";
import type { State } from "../state/states.ts";
import { type LaunchNote, lostRecord, unfinishedLaunch } from "../identity/mark.ts";
import { readPidfile } from "../state/pidfile.ts";
import { type OtherConfig, otherConfig, strangersRecord } from "../identity/other-config.ts";
import type { ProgramRecord } from "../state/record.ts";
import { readRecord, type RecordFile } from "../state/record-store.ts";
import { withoutProcess } from "../state/transitions.ts";
import { lookFor, type Program } from "../identity/program.ts";
import { workerOn } from "../state/at-work.ts";
import { completedRecord } from "../identity/unfinished-launch.ts";

/** Facts about the machine that are read once for all programs. */
export interface StatusContext {
  readonly host: IdentityPorts;
  readonly bootId: string;
  readonly uptimeSeconds: number;
  /** Whether a usrsvcd runs, and has this configuration file. */
  readonly daemon: "none" | "elsewhere" | "here";
  /** The programs that it looks after, where it tells. */
  readonly looksAfter?: ReadonlySet<string> | undefined;
  /** The state folder is not ours alone: what stands there says nothing. */
  readonly isForeign?: boolean;
  /** Whether command lines are wanted as well, which takes one read more a program. */
  readonly withCommands: boolean;
  /** Records as they will be once the sections that were renamed are dealt with. */
  readonly moved?: ReadonlyMap<string, ProgramRecord | undefined>;
}

/** So many processes' memory is read at once: it keeps all threads busy, and few files open. */
const AT_ONCE = 32;
/** So long all reads of memory together may take: one waits for the process's memory lock. */
const MEMORY_PATIENCE_MS = 3000;

/** One look through all processes serves all programs. */
const LOOK = { maxAgeMs: 1000 };

/** A start that took this long past its window has lost its starter. */
const START_SLACK_MS = 3000;
/** A launch takes no longer than this: one that hangs is given up before. */
const LAUNCH_MS = 14_000;

/**
 * What there is to tell of each program, in their order. A look only: nothing is written or mended.
 *
 * The read of a process's memory may hang. It is given up then, but goes on in a thread, and keeps
 * Node from ending.
 */
export async function observeAll(
  programs: readonly Program[],
  around: StatusContext,
): Promise<readonly ProgramStatus[]> {
  const looks = programs.map((program) => look(program, around));
  // Not program by program: waking up a thread each time costs more than it reads in the meantime.
  const memory = await readMemory(looks, around.host);
  const again = looks.map((one, index) => lookAgain(one, memory[index], around));
  return again.map((one, index) => describe(one, memory[index], around));
}

/** What was found of one program, all but its memory. */
interface Look {
  readonly program: Program;
  readonly file: RecordFile;
  readonly found: Found;
  /** A launch of which nobody has put on record what became of it. */
  readonly launch: LaunchNote | undefined;
  /** Another configuration file, which has a program of this name. */
  readonly other?: OtherConfig;
}

function look(program: Program, { host, bootId, moved }: StatusContext): Look {
  if (moved?.has(program.name) === true) return lookMoved(program, moved.get(program.name), host);
  const known = readRecord(host.state, program.name, bootId);
  const other = otherConfig(program.name, known.record, host);
  if (other !== undefined) {
    const found = { kind: "absent", pidfile: readPidfile(program.pidfile ?? "") } as const;
    return { program, file: known, found, launch: undefined, other };
  }
  const isStrangers =
    known.record !== undefined && strangersRecord(known.record, host) !== undefined;
  const file = isStrangers ? { ...known, record: undefined } : known;
  const found = lookFor(program, file.record, host, LOOK);
  if (found.kind === "running") return { program, file, found, launch: undefined };
  const note = lockNote(programLock(host.state, program.name));
  const launch = unfinishedLaunch(note, file.record, host);
  const noted = file.record ?? lostRecord(program.name, note, bootId);
  if (launch === undefined) {
    const isKnown = file.record !== undefined || (noted.desired !== "none" && !isStrangers);
    return { program, file: isKnown ? { ...file, record: noted } : file, found, launch };
  }
  // Somebody was killed just when he launched it, or is launching it.
  const record = completedRecord(noted, launch, program.settings, host);
  if (record === undefined) return { program, file, found, launch };
  host.claim(program.name, record); // what stands in its session is its own
  return {
    program,
    file: { ...file, record },
    found: lookFor(program, record, host, LOOK),
    launch: record.state === "starting" ? launch : undefined,
  };
}

/**
 * A record may name a process of another account: the program is looked for without it then. Asked only where the
 * memory is hidden, as that of others is: most are not.
 */
function lookAgain(one: Look, memory: Memory | undefined, { host }: StatusContext): Look {
  const { file, program } = one;
  const wrong = memory === "hidden" ? misnamed(file.record, host.proc) : undefined;
  if (file.record === undefined || wrong === undefined) return one;
  const record = withoutProcess(file.record);
  host.claim(program.name, record);
  const problem = `its record names ${wrong}; usrsvc start or stop mends that`;
  const found = lookFor(program, record, host, LOOK);
  return { ...one, file: { ...file, record, problem }, found };
}

function lookMoved(program: Program, record: ProgramRecord | undefined, host: IdentityPorts): Look {
  const found = lookFor(program, record, host, LOOK);
  const file = { record, problem: undefined, text: undefined, isDamaged: false };
  return { program, file, found, launch: undefined };
}

function describe(
  { program, file, found, launch, other }: Look,
  memory: Memory | undefined,
  around: StatusContext,
): ProgramStatus {
  const base = {
    program: program.name,
    enabled: program.enabled,
    restarts: file.record?.restarts ?? 0,
    failures: file.record?.failures ?? 0,
    ...lastExit(file.record, found),
    ...problems(program, found, file, memory, around),
  };
  if (other !== undefined) {
    const reason = `${other.config} has a program of this name too, which ${other.how}`;
    const next = "nothing: give one of them another name, or another state_dir";
    return {
      program: base.program,
      enabled: base.enabled,
      restarts: 0,
      failures: 0,
      state: "stopped",
      reason,
      next,
    };
  }
  const living =
    found.kind === "running"
      ? describeProcess(found.main ?? found.process, memory, around)
      : undefined;
  if (found.kind === "absent" && isFresh(program, launch, around.host))
    return { ...base, state: "starting" };
  if (found.kind === "absent" && isUnderWay(program, file.record, around)) {
    return { ...base, state: "starting" };
  }
  if (found.kind === "absent" || living === undefined) {
    const broken = launch === undefined ? {} : { reason: "its start was broken off" };
    const down = { ...describeDown(program, file, around), ...broken };
    const why = [down.reason ?? [], ...describeElsewhere(found, around.host)].flat();
    return {
      ...base,
      ...down,
      ...leftBehind(base, file.record, around.host),
      ...(why.length === 0 ? {} : { reason: why.join("; ") }),
    };
  }
  const { ageMs: age, ...shown } = living;
  const otherwise = differences(program, file.record, found.process, around.host);
  return {
    ...base,
    state: liveState(program, file.record, found.process, age, around),
    via: found.via,
    ...shown,
    ...(found.others.length > 0 ? { otherPids: found.others.map(({ pid }) => pid) } : {}),
    ...(isOlder(program, file.record) ? { olderSettings: true } : {}),
    ...(otherwise.length > 0 ? { differences: otherwise } : {}),
  };
}

/** Its workers, for example, which may keep its port. */
function leftBehind(
  { problems: known = [] }: Pick<ProgramStatus, "problems">,
  record: ProgramRecord | undefined,
  host: IdentityPorts,
): Pick<ProgramStatus, "problems"> {
  const left = record === undefined ? [] : describeLeft(leftOfLast(record, host));
  return left.length === 0 ? {} : { problems: [...known, ...left] };
}

function lastExit(
  record: ProgramRecord | undefined,
  found: Found,
): Pick<ProgramStatus, "lastExit"> {
  // It ran, and is gone without a word: the exit on record is that of a process before it.
  if (found.kind === "absent" && isLost(record)) {
    return { lastExit: { pid: record.process.pid, unknown: true } };
  }
  if (record?.lastExit === undefined) return {};
  const { exit, at, pid, by, wrote } = record.lastExit;
  const more = { ...(by === undefined ? {} : { by }), ...(wrote === undefined ? {} : { wrote }) };
  return { lastExit: { ...showExit(exit, at, pid), ...more } };
}

function problems(
  program: Program,
  found: Found,
  file: RecordFile,
  memory: Memory | undefined,
  around: StatusContext,
): Pick<ProgramStatus, "problems"> {
  const { host } = around;
  const all = [
    ...describeForeign(found, memory, host),
    ...describeWork(program, found, file.record, around),
  ];
  if (program.isRemoved === true) {
    all.push(
      `is in no configuration file any more, and runs on: usrsvc stop ${program.name} ends it`,
    );
  } else if (program.settings === undefined) {
    all.push("its settings are faulty: see usrsvcd checkconfig");
  }
  if (file.problem !== undefined) {
    const isInReach = file.isDamaged && around.isForeign !== true;
    const next = isInReach ? "; usrsvc start, stop or restart sets it aside" : "";
    all.push(`${file.problem}${next}`);
  }
  const dear = program.pattern.takeTrouble?.();
  if (dear !== undefined) all.push(dear);
  const { pidfile } = found;
  if (pidfile.kind === "garbage") {
    all.push(`pidfile ${program.pidfile} holds no pid but ${JSON.stringify(pidfile.text)}`);
  } else if (pidfile.kind === "unreadable") {
    all.push(`pidfile ${pidfile.message}`);
  } else if (pidfile.kind === "pid") {
    const actual = found.kind === "running" ? (found.main ?? found.process).pid : undefined;
    const named = host.proc.alive(pidfile.pid);
    // In an upgrade from within, the new master writes it while the old one is the program still.
    const isIts = named !== undefined && relation(named, program.name, host) === "own";
    if (pidfile.pid !== actual && !(isIts && !program.autopid)) {
      const alive = isIts ? "stems from this program" : "is not this program";
      const what = named === undefined ? "has ended" : alive;
      all.push(`pidfile ${program.pidfile} names process ${pidfile.pid}, which ${what}`);
    }
  }
  return all.length === 0 ? {} : { problems: all };
}

/** The program may have become another account (sudo). Asked only where the memory is hidden: most are not. */
function describeForeign(
  found: Found,
  memory: Memory | undefined,
  { proc }: IdentityPorts,
): readonly string[] {
  if (found.kind !== "running" || memory !== "hidden") return [];
  const target = found.main ?? found.process;
  const owner = foreignOwner(target, proc);
  if (owner === undefined) return [];
  return [`process ${target.pid} belongs to ${nameOf(owner)}, and this account cannot end it`];
}

/** Somebody has begun something, and does not come to an end. */
function describeWork(
  { name }: Program,
  found: Found,
  record: ProgramRecord | undefined,
  { host, daemon }: StatusContext,
): readonly string[] {
  const isStopping = found.kind === "running" && isBeingStopped(record, found.process);
  // Mostly it runs, as is wanted, or is down, as is wanted, and nobody has to be looked for.
  if (!isStopping && (found.kind === "running" || record === undefined)) return [];
  if (isStopping && statIfAny(host.proc, found.process.pid)?.state === "D") {
    const what = "a disk, or a network file system, that does not answer";
    return [`it was told to end, and waits for ${what} (state D; see dmesg, mount): then it ends`];
  }
  const worker = workerOn(name, host);
  if (worker?.isSuspended === true) {
    const how = `let it go on (fg, or kill -CONT ${worker.pid}), or end it (kill -9 ${worker.pid})`;
    return [
      `${worker.name}, which is at work on it, is suspended, and keeps all others out: ${how}`,
    ];
  }
  if (!isStopping || worker !== undefined || daemon === "here") return [];
  if (record?.by === "usrsvcd") {
    return [`usrsvcd was ending it (${record.reason}), and is gone: usrsvcd start does the rest`];
  }
  const what = record?.desired === "down" ? "stop" : "restart";
  return [
    `usrsvc ${what} was broken off, and it still runs: usrsvc ${what} ${name} does the rest, usrsvc start ${name} keeps it`,
  ];
}

/** It lives, and whoever ends it has put that on record. */
function isBeingStopped(record: ProgramRecord | undefined, process: ProcessRef): boolean {
  return record?.state === "stopping" && sameProcess(record.process, process);
}

/** In bytes; hardened programs do not let their user look. */
type Memory = number | "gone" | "hidden" | "hangs";

/** The private memory of those that run, within one deadline for all. */
async function readMemory(
  looks: readonly Look[],
  host: IdentityPorts,
): Promise<readonly (Memory | undefined)[]> {
  let giveUp = (): void => {};
  const tooLate = new Promise<void>((resolve) => (giveUp = resolve));
  const timer = setTimeout(giveUp, MEMORY_PATIENCE_MS);
  const all: (Memory | undefined)[] = [];
  const left = looks.entries();
  const readSome = async (): Promise<void> => {
    for (const [index, { found }] of left) {
      if (found.kind !== "running") continue;
      all[index] = await privateMemory(found.main ?? found.process, host, tooLate);
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, readSome));
  } finally {
    clearTimeout(timer);
  }
  return all;
}

async function privateMemory(
  ref: ProcessRef,
  { proc }: IdentityPorts,
  tooLate: Promise<void>,
): Promise<Memory> {
  try {
    const read = await Promise.race([proc.smapsRollup(ref.pid), tooLate]);
    return read?.privateBytes ?? "hangs";
  } catch (error) {
    if (!(error instanceof ProcError)) throw error;
    // The file of a process that lives says "gone" where only the first of its threads has left.
    return sameProcess(proc.alive(ref.pid), ref) ? "hidden" : "gone";
  }
}

type Living = Required<Pick<ProgramStatus, "pid" | "uptimeSeconds">> &
  Pick<ProgramStatus, "privateBytes" | "command"> & { readonly ageMs: number };

/** Undefined: it left while we looked. */
function describeProcess(
  ref: ProcessRef,
  memory: Memory | undefined,
  { host, uptimeSeconds, withCommands }: StatusContext,
): Living | undefined {
  if (memory === "gone") return undefined;
  try {
    const age = Math.max(0, ageMs(ref.startTime, uptimeSeconds));
    return {
      pid: ref.pid,
      uptimeSeconds: Math.round(age / 100) / 10,
      ...(typeof memory === "number" ? { privateBytes: memory } : {}),
      // The command line waits for the memory lock as well, which was free just now, or never was.
      ...(withCommands && memory !== "hangs"
        ? { command: host.proc.cmdline(ref.pid).join(" ") }
        : {}),
      ageMs: age,
    };
  } catch (error) {
    if (error instanceof ProcError) return undefined;
    throw error;
  }
}

function liveState(
  program: Program,
  record: ProgramRecord | undefined,
  process: ProcessRef,
  age: number,
  { host, daemon }: StatusContext,
): State {
  if (isBeingStopped(record, process)) {
    // Where whoever was ending it has left, usrsvcd does the rest.
    const isWorkedOn = daemon === "here" || workerOn(program.name, host) !== undefined;
    return isWorkedOn ? "stopping" : "running";
  }
  if (record?.state !== "starting") return "running";
  const { successMs = 0 } = program.settings ?? {};
  const isLate = age < successMs + START_SLACK_MS && isJudged(program.name, host);
  return age < successMs || isLate ? "starting" : "running";
}

/**
 * True while what was launched may yet become the program: it lives, or has gone to the background, or what
 * it left is being ended, and whoever judges it lives.
 */
function isUnderWay(
  program: Program,
  record: ProgramRecord | undefined,
  { host, uptimeSeconds }: StatusContext,
): boolean {
  const launched = record?.launched;
  if (record?.state !== "starting" || launched === undefined) return false;
  const window = (program.settings?.successMs ?? 0) + START_SLACK_MS;
  const age = ageMs(launched.startTime, uptimeSeconds);
  if (age < window && isLaunchAlive({ ...record, launched }, host)) return true;
  return age < window + program.termToKillMs && isJudged(program.name, host);
}

/** True while who signed the program's lock last lives. */
function isJudged(name: string, { state, proc }: IdentityPorts): boolean {
  const pid = parsePid(lockHolder(programLock(state, name))?.split(" ").at(-1) ?? "");
  return pid !== undefined && proc.alive(pid) !== undefined;
}

/** True while it is being executed: nobody knows its pid yet. A clock may be set back meanwhile. */
function isFresh({ name }: Program, launch: LaunchNote | undefined, host: IdentityPorts): boolean {
  if (launch === undefined || !isJudged(name, host)) return false;
  return Math.abs(Date.now() - Date.parse(launch.at)) < LAUNCH_MS;
}

function isOlder(program: Program, record: ProgramRecord | undefined): boolean {
  if (program.settings === undefined || record?.digest === undefined) return false;
  return record.digest !== settingsDigest(program.settings);
}

/** True for a record of a process that ran when it was written; the caller knows that it is gone. */
function isLost(
  record: ProgramRecord | undefined,
): record is ProgramRecord & { readonly process: ProcessRef } {
  return record?.process !== undefined && record.state === "running";
}

type Down = Pick<ProgramStatus, "state" | "reason" | "next" | "nextTryAt">;

/** Whether it ran, was stopped, or is looked after, only the records would say. */
const UNKNOWN: Down = {
  state: "stopped",
  reason: "was not found running; no more is known of it, since state_dir is not ours alone",
  next: "nothing, until that is mended",
};

function describeDown(
  program: Program,
  file: Pick<RecordFile, "record" | "isOfEarlierBoot">,
  around: StatusContext,
): Down {
  if (around.isForeign === true) return UNKNOWN;
  const { record } = file;
  const isOfEarlierBoot = file.isOfEarlierBoot === true;
  const why = isOfEarlierBoot
    ? { reason: "it was not started since the machine was booted" }
    : describeWhy(program, record, around);
  if (!program.enabled) return { state: "stopped", ...why, next: "nothing: enabled = False" };
  if (record?.desired === "down") {
    return { state: "stopped", ...why, next: `stays down until "usrsvc start" or the next boot` };
  }
  if (around.daemon !== "here") {
    const runs =
      around.daemon === "none" ? "is not running" : "runs with another configuration file";
    return { state: "stopped", ...why, next: `nothing: usrsvcd ${runs}` };
  }
  if (!isKnown(program, around)) {
    return { state: "stopped", ...why, next: nextOfStopped(program, file, around) };
  }
  if (record?.state === "backoff") {
    const at = record.nextTryAt;
    const soon = at === undefined ? "soon" : inTime(at, record.at);
    return {
      state: "backoff",
      ...why,
      next: `usrsvcd tries again ${soon}`,
      ...(at === undefined ? {} : { nextTryAt: at }),
    };
  }
  if (record?.state === "fatal") {
    const most = program.settings?.maxrestarts ?? 0;
    const starts = `${record.failures} failed start${record.failures === 1 ? "" : "s"}`;
    const after = most > 0 ? ` after ${starts} (maxrestarts = ${most})` : "";
    const next = `usrsvcd gave up${after}: mend it, then "usrsvc start ${program.name}"`;
    return { state: "fatal", ...why, next };
  }
  return { state: "stopped", ...why, next: nextOfStopped(program, file, around) };
}

function describeWhy(
  program: Program,
  record: ProgramRecord | undefined,
  around: StatusContext,
): Pick<ProgramStatus, "reason"> {
  if (isLost(record)) {
    const isSeen = around.daemon === "here" && isKnown(program, around);
    return {
      reason: isSeen
        ? "has ended; usrsvcd has yet to say how"
        : "ended, and nobody was there to see how",
    };
  }
  if (record?.state === "starting" && record.process !== undefined) {
    return { reason: "its start was broken off, and it has ended since" };
  }
  if (record?.state === "stopping" && record.process !== undefined) {
    return { reason: "was being stopped, and has ended" };
  }
  if (record?.reason === undefined) return { reason: "it was not started yet" };
  const log = program.settings?.stderr;
  const hasFailed = record.state !== "stopped" || record.failures > 0;
  return {
    reason: hasFailed && log !== undefined ? `${record.reason}; log: ${log}` : record.reason,
  };
}

function nextOfStopped(
  program: Program,
  { record, isOfEarlierBoot }: Pick<RecordFile, "record" | "isOfEarlierBoot">,
  around: StatusContext,
): string {
  if (program.settings === undefined) return "nothing: its settings are faulty";
  const { autostart, autorestart } = program.settings;
  const hasRun = record?.process !== undefined || record?.lastExit !== undefined;
  const ran = hasRun && isOfEarlierBoot !== true;
  if (ran && !autorestart) return "nothing: autorestart = False";
  if (!ran && !autostart) return "nothing: autostart = False";
  return isKnown(program, around)
    ? "usrsvcd starts it"
    : "usrsvcd does not know it yet: usrsvcd reread";
}

/** False where usrsvcd tells what it looks after, and has not read of the program. */
function isKnown({ name }: Program, { looksAfter }: StatusContext): boolean {
  return looksAfter?.has(name) ?? true;
}

/** A try that is overdue for longer, in ms, is not: the clock was set. */
const OVERDUE_MS = 10_000;

/** `since`: when that was decided. What is further away than it was then tells of a clock that was set, too. */
function inTime(iso: string, since: string): string {
  const ms = Date.parse(iso) - Date.now();
  if (ms > Date.parse(iso) - Date.parse(since) || ms < -OVERDUE_MS) return "soon";
  return ms > 0 ? `in ${formatDuration(ms)}` : "now";
}
