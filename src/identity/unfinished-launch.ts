import { executables, searchPath } from "./executables.ts";
import { statSync } from "node:fs";
import { ProcError } from "../../proc/error.ts";
import { type ProcessRef, sameProcess, TICKS_PER_SECOND } from "../../proc/pid.ts";
import { isDead, type Stat } from "../../proc/stat.ts";
import { ageMs } from "../../proc/uptime.ts";
import { monotonicMs, sleep } from "../lib/clock.ts";
import type { ProgramSettings } from "../config/settings.ts";
import type { IdentityPorts } from "./ports.ts";
import type { Lock } from "../state/lock.ts";
import { LAUNCH_VARIABLE, launchedAt, type LaunchNote, unfinishedLaunch } from "./mark.ts";
import type { ProgramRecord } from "../state/record.ts";
import { startWindowMs, type WindowSettings } from "../state/start-window.ts";
import { launchFound, launchLost } from "../state/transitions.ts";
import { isRivals } from "./rivals.ts";

/*
 * Launches that nobody has put on record: whoever made one was killed in the middle of it, or the record
 * is lost. What was launched is found by its mark; by its log, or by its executable, where it has no
 * environment any more.
 */

/** Interval of looks at a process in mid-exec, which shows no environment, and their longest duration, in ms. */
const EXEC_LOOK_MS = 2;
const EXEC_PATIENCE_MS = 1000;
/** Greatest error of a process's age by the wall clock, in ms. */
const CLOCK_SLACK_MS = 1000;
/** Longest time between a launch and the fork of its daemon, in ticks. */
const FORKED_WITHIN_TICKS = 3 * TICKS_PER_SECOND;

/** What distinguishes the processes of a program from others. */
export type Known = Pick<
  ProgramSettings,
  "stdout" | "directory" | "match" | "argv" | "useshell" | "env" | "inheritEnv"
> &
  WindowSettings;

type LaunchHost = Pick<IdentityPorts, "proc" | "home" | "ownerOf" | "watcher" | "env" | "programs">;

/**
 * The record as it would be had its writer not been killed in mid-launch, or had it not been lost: with
 * the process that was launched. What may be something that this one has left is noted as found, so that
 * it is the program only if it matches. (Otherwise it is ended before the next start.)
 *
 * Under the program's lock only: that is held until the exec of what was launched, whoever dies, so
 * that the mark is there.
 */
export async function completeLaunch(
  record: ProgramRecord,
  lock: Pick<Lock, "note" | "writeNote">,
  program: Known | undefined,
  host: LaunchHost,
): Promise<ProgramRecord> {
  const launch = unfinishedLaunch(lock.note, record, host);
  if (launch === undefined) return record;
  const end = monotonicMs() + EXEC_PATIENCE_MS;
  for (;;) {
    const looks = lookAtAll(launch, host);
    const found =
      first(looks, (one) => sameProcess(one.ref, launch.launched)) ??
      first(looks, (one) => one.isMarked) ??
      firstWithLog(looks, record.name, launch, program, host) ??
      firstWiped(looks, record.name, launch, program, host);
    if (found !== undefined) return completed(record, launch, found, program);
    if (!looks.some((one) => one.isUnclear) || monotonicMs() > end) break;
    await sleep(EXEC_LOOK_MS, undefined);
  }
  // What is left of it stands in its session, or is named by its pidfile.
  if (launch.launched !== undefined) return launchLost(record, launch.id, launch.launched);
  lock.writeNote(""); // nothing came of it
  return record;
}

/** The same for callers that only look, as far as one look shows it; undefined where it shows nothing. */
export function completedRecord(
  record: ProgramRecord,
  launch: LaunchNote,
  program: Known | undefined,
  host: LaunchHost,
): ProgramRecord | undefined {
  const looks = lookAtAll(launch, host);
  const found =
    first(looks, (one) => sameProcess(one.ref, launch.launched)) ??
    first(looks, (one) => one.isMarked) ??
    firstWiped(looks, record.name, launch, program, host);
  if (found !== undefined) return completed(record, launch, found, program);
  return launch.launched && launchLost(record, launch.id, launch.launched);
}

function completed(
  record: ProgramRecord,
  { id, launched }: LaunchNote,
  { ref, isWiped }: Look,
  program: Known | undefined,
): ProgramRecord {
  const via = isWiped || sameProcess(ref, launched) ? "launch" : "scan";
  return launchFound(record, id, ref, via, startWindowMs(program));
}

/** An own process, as a candidate for what was launched. */
interface Look {
  readonly ref: ProcessRef;
  readonly stat: Stat;
  readonly isMarked: boolean;
  /** In mid-exec: neither environment nor command line is there to be read. */
  readonly isUnclear: boolean;
  /** Its environment names no launch at all. */
  readonly isUnmarked: boolean;
  /** It has written its title over its environment. */
  readonly isWiped: boolean;
}

function lookAtAll(
  launch: Pick<LaunchNote, "id">,
  { proc }: Pick<IdentityPorts, "proc">,
): readonly Look[] {
  return proc.pids().flatMap((pid) => {
    try {
      if (pid === process.pid || proc.uid(pid) !== process.getuid?.()) return [];
      const stat = proc.stat(pid);
      if (isDead(stat) || stat.session === 0) return []; // or a thread of the kernel
      const environ = proc.environ(pid);
      const id = environ.get(LAUNCH_VARIABLE);
      // Cleared for good, or in mid-exec: only that shows no command line either.
      const isUnclear = environ.size === 0 && proc.cmdline(pid).length === 0;
      const isWiped = environ.size === 0 && !isUnclear;
      const ref = { pid, startTime: stat.startTime };
      const marks = { isMarked: id === launch.id, isUnmarked: id === undefined, isWiped };
      return [{ ref, stat, isUnclear, ...marks }];
    } catch (error) {
      if (error instanceof ProcError) return []; // gone meanwhile, or not ours to read
      throw error;
    }
  });
}

/** Of several, what leads a session comes first, then what is oldest. */
function first(looks: readonly Look[], fits: (one: Look) => boolean): Look | undefined {
  const leads = ({ stat }: Look): number => Number(stat.session === stat.pid);
  return looks
    .filter(fits)
    .toSorted(
      (a, b) => leads(b) - leads(a) || a.ref.startTime - b.ref.startTime || a.ref.pid - b.ref.pid,
    )[0];
}

/**
 * A program may clear its environment, or write over it. What is launched leads a session, was born
 * after the launch was noted, was not launched by us, and writes to the program's log.
 */
function firstWithLog(
  looks: readonly Look[],
  name: string,
  { at }: LaunchNote,
  program: Known | undefined,
  { proc, ownerOf, watcher }: LaunchHost,
): Look | undefined {
  const log = program === undefined ? undefined : fileOf(program.stdout);
  if (log === undefined) return undefined;
  const uptime = proc.uptime();
  const oldestMs = Date.now() - Date.parse(at) + CLOCK_SLACK_MS;
  return first(looks, ({ ref, stat, isUnmarked }) => {
    if (!isUnmarked || stat.session !== stat.pid || watcher().isChild(ref.pid)) return false;
    if (ageMs(stat.startTime, uptime) > oldestMs || (ownerOf(ref) ?? name) !== name) return false;
    return fileOf(`/proc/${ref.pid}/fd/1`) === log;
  });
}

/**
 * A daemon may have written over its environment, and closed its log, before anybody saw more of it. It
 * leads a session, is the only one of its kind, was born of the launch, and is nobody's.
 */
function firstWiped(
  looks: readonly Look[],
  name: string,
  { id }: Pick<LaunchNote, "id">,
  program: Known | undefined,
  { proc, ownerOf, watcher, env, programs }: LaunchHost,
): Look | undefined {
  const at = launchedAt(id);
  if (program === undefined || at === undefined) return undefined;
  const born = looks.filter(({ ref, stat, isWiped }) => {
    if (!isWiped || stat.session !== Number(stat.pid) || watcher().isChild(ref.pid)) return false;
    const ticks = stat.startTime - at;
    return ticks >= -1 && ticks <= FORKED_WITHIN_TICKS && (ownerOf(ref) ?? name) === name;
  });
  if (born.length === 0) return undefined;
  const files = executables(program, searchPath(program, env));
  const same = born.filter(({ ref }) => {
    if (!files.includes(executableOf(ref, proc) ?? "")) return false;
    return programs === undefined || !isRivals(ref, name, { proc, env, programs });
  });
  if (same.length <= 1) return same[0];
  const named = same.filter(({ ref }) => showsWordOf(program, ref, proc));
  return named.length === 1 ? named[0] : undefined;
}

/** Of several that are started at once, a title or a folder may tell: it has the port, the socket or the folder of the command. */
function showsWordOf(
  { argv }: Pick<Known, "argv">,
  { pid }: ProcessRef,
  proc: IdentityPorts["proc"],
): boolean {
  const telling = argv.slice(1).filter((word) => /^\/.|^\d{4,5}$/.test(word));
  try {
    const shown = [proc.cwd(pid), ...proc.cmdline(pid).flatMap((word) => word.split(/[\s:=]+/))];
    return telling.some((word) => shown.includes(word));
  } catch (error) {
    if (error instanceof ProcError) return false; // gone, or hidden
    throw error;
  }
}

/**
 * The daemon of a launch that went to the background, and wrote over its environment, before more of it was
 * seen; undefined where there is none, or where several may be it.
 *
 * @param id the launch, as the mark has it
 */
export function wipedDaemon(
  id: string,
  program: Known & { readonly name: string },
  host: LaunchHost,
): ProcessRef | undefined {
  return firstWiped(lookAtAll({ id }, host), program.name, { id }, program, host)?.ref;
}

function executableOf({ pid }: ProcessRef, proc: IdentityPorts["proc"]): string | undefined {
  try {
    return proc.exe(pid);
  } catch {
    return undefined; // gone, or hidden
  }
}

/** What distinguishes a file from others; undefined for a device, which all may have, and for what cannot be seen. */
function fileOf(path: string): string | undefined {
  try {
    const stat = statSync(path);
    return stat.isFile() ? `${stat.dev}:${stat.ino}` : undefined;
  } catch {
    return undefined;
  }
}
