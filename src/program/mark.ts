import { readlinkSync, statSync } from "node:fs";
import { ProcError } from "../../proc/error.ts";
import type { Pid, ProcessRef } from "../../proc/pid.ts";
import type { ProcReader } from "../../proc/reader.ts";
import { isDead, type Stat } from "../../proc/stat.ts";
import { ageMs } from "../../proc/uptime.ts";
import { monotonicMs, sleep } from "../clock.ts";
import type { ProgramSettings } from "../config/settings.ts";
import type { Host } from "./host.ts";
import type { Lock } from "./lock.ts";
import { emptyRecord, type ProgramRecord } from "./record.ts";
import { textHash } from "./text-hash.ts";

/*
 * Each launch puts the program's name and an id of its own into the environment. Children inherit
 * both through every fork and session, so that what a launch has made can be found by its id alone.
 */

/** Variable with the name of the program. */
const PROGRAM = "USRSVC_PROGRAM";
/** Variable with the id of the launch. */
const LAUNCH = "USRSVC_LAUNCH";

/** A process in mid-exec shows no environment; it is looked at again so often, for so long, in ms. */
const EXEC_LOOK_MS = 2;
const EXEC_PATIENCE_MS = 1000;
/** A process may look so much older than it is by the clock that people see, in ms. */
const CLOCK_SLACK_MS = 1000;

/**
 * An id that no other launch has; it begins with the `home` of who launched. (No secret: who could use
 * it could as well read it in /proc.)
 */
export function newLaunchId(home: string): string {
  const random = Math.random().toString(36).slice(2, 10);
  return `${home}-${Date.now().toString(36)}-${process.pid.toString(36)}-${random}`;
}

/**
 * What tells one usrsvc of an account from another: its configuration file, as it was named, and the pid
 * namespace, since a container may have a file of the same name. (Not the state folder: that may change.)
 */
export function launchHome(config: string): string {
  return textHash(`${config}\0${readlinkSync("/proc/self/ns/pid")}`).slice(0, 8);
}

/** Which launch a process stems from, as its environment has it. */
export interface Mark {
  readonly program: string;
  readonly launch: string;
  readonly home: string;
}

/** The mark of a process; undefined where it has none, or has none any more (a title is written over it). */
export function markOf(proc: Pick<ProcReader, "environ">, pid: Pid): Mark | undefined {
  let environ: ReadonlyMap<string, string>;
  try {
    environ = proc.environ(pid);
  } catch (error) {
    if (error instanceof ProcError) return undefined; // gone, or hidden
    throw error;
  }
  const program = environ.get(PROGRAM);
  const launch = environ.get(LAUNCH);
  if (program === undefined || launch === undefined) return undefined;
  return { program, launch, home: launch.split("-", 1)[0] ?? "" };
}

/** True for a variable that only a launch sets. */
export function isMark(name: string): boolean {
  return name === PROGRAM || name === LAUNCH;
}

/** The variables that mark what a launch makes, as `NAME=value`. */
export function launchMark(program: string, launch: string): readonly string[] {
  return [`${PROGRAM}=${program}`, `${LAUNCH}=${launch}`];
}

/** A launch that is under way, or was when its maker was killed. */
export interface LaunchNote {
  readonly id: string;
  /** ISO time. */
  readonly at: string;
}

/** What is noted at the program's lock before a launch: it is no launch of another boot. */
export function launchNote(id: string, boot: string): string {
  return `launch ${id} ${new Date().toISOString()} ${boot}`;
}

/** What is noted there when an operator has stopped the program. */
export function downNote(boot: string): string {
  return `down ${boot}`;
}

/** True for that note, of this boot. */
function isDownNote(note: string, boot: string): boolean {
  return note === downNote(boot);
}

/** What is known of a program whose record is damaged or gone: that an operator has stopped it. */
export function lostRecord(name: string, note: string, boot: string): ProgramRecord {
  const empty = emptyRecord(name, boot);
  return isDownNote(note, boot) ? { ...empty, wish: "down", reason: "stopped by usrsvc" } : empty;
}

/**
 * The launch that a note tells of, if nobody has put on record what became of it: `record` is of
 * another one.
 */
export function unfinishedLaunch(
  note: string,
  record: ProgramRecord | undefined,
  boot: string,
): LaunchNote | undefined {
  const [word, id = "", at = "", noted] = note.split(" ");
  if (word !== "launch" || noted !== boot || id === record?.launch) return undefined;
  return { id, at };
}

/**
 * The record as it would be had its writer not been killed in mid-launch: with the process that was
 * launched, but as one that was found, so that it is the program only if it matches. (It may be what
 * the launched one has left: that is ended before the next start.)
 *
 * Under the program's lock only: that is held until the exec of what was launched, whoever dies, so
 * that the mark is there.
 */
export async function completeLaunch(
  record: ProgramRecord,
  lock: Pick<Lock, "note" | "writeNote">,
  program: Pick<ProgramSettings, "stdout"> | undefined,
  host: Pick<Host, "proc" | "ownerOf" | "watcher">,
): Promise<ProgramRecord> {
  const launch = unfinishedLaunch(lock.note, record, host.proc.bootId());
  if (launch === undefined) return record;
  const end = monotonicMs() + EXEC_PATIENCE_MS;
  for (;;) {
    const looks = lookAtAll(launch, host);
    const found =
      first(looks, (one) => one.isMarked) ??
      firstWithLog(looks, record.name, launch, program, host);
    if (found !== undefined) return completed(record, launch, found);
    if (!looks.some((one) => one.isUnclear) || monotonicMs() > end) break;
    await sleep(EXEC_LOOK_MS, undefined);
  }
  lock.writeNote(""); // nothing came of it
  return record;
}

/** The same for who only looks, as far as one look shows it; undefined where it shows nothing. */
export function completedRecord(
  record: ProgramRecord,
  launch: LaunchNote,
  host: Pick<Host, "proc">,
): ProgramRecord | undefined {
  const found = first(lookAtAll(launch, host), (one) => one.isMarked);
  return found === undefined ? undefined : completed(record, launch, found);
}

function completed(record: ProgramRecord, { id }: LaunchNote, process: ProcessRef): ProgramRecord {
  const launched = process;
  return {
    ...record,
    phase: "starting",
    process,
    launched,
    image: undefined,
    launch: id,
    via: "scan",
    launcher: undefined,
  };
}

/** An own process, as a candidate for what was launched. */
interface Look {
  readonly ref: ProcessRef;
  readonly stat: Stat;
  readonly isMarked: boolean;
  /** In mid-exec: neither environment nor command line is there to be read. */
  readonly isUnclear: boolean;
  /** Its environment tells of no launch at all. */
  readonly isUnmarked: boolean;
}

function lookAtAll(launch: LaunchNote, { proc }: Pick<Host, "proc">): readonly Look[] {
  return proc.pids().flatMap((pid) => {
    try {
      if (pid === process.pid || proc.uid(pid) !== process.getuid?.()) return [];
      const stat = proc.stat(pid);
      if (isDead(stat) || stat.session === 0) return []; // or a thread of the kernel
      const environ = proc.environ(pid);
      const id = environ.get(LAUNCH);
      // Cleared for good, or in mid-exec: only that shows no command line either.
      const isUnclear = environ.size === 0 && proc.cmdline(pid).length === 0;
      const ref = { pid, startTime: stat.startTime };
      return [{ ref, stat, isMarked: id === launch.id, isUnclear, isUnmarked: id === undefined }];
    } catch (error) {
      if (error instanceof ProcError) return []; // gone meanwhile, or not ours to read
      throw error;
    }
  });
}

/** Of several, what leads a session comes first, then what is oldest. */
function first(looks: readonly Look[], fits: (one: Look) => boolean): ProcessRef | undefined {
  const leads = ({ stat }: Look): number => Number(stat.session === stat.pid);
  return looks
    .filter(fits)
    .toSorted(
      (a, b) => leads(b) - leads(a) || a.ref.startTime - b.ref.startTime || a.ref.pid - b.ref.pid,
    )[0]?.ref;
}

/**
 * A program may clear its environment, or write over it. What is launched leads a session, was born
 * after the launch was noted, was not launched by us, and writes to the program's log.
 */
function firstWithLog(
  looks: readonly Look[],
  name: string,
  { at }: LaunchNote,
  program: Pick<ProgramSettings, "stdout"> | undefined,
  { proc, ownerOf, watcher }: Pick<Host, "proc" | "ownerOf" | "watcher">,
): ProcessRef | undefined {
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

/** What tells one file from others; undefined for a device, which all may have, and for what is not to be seen. */
function fileOf(path: string): string | undefined {
  try {
    const stat = statSync(path);
    return stat.isFile() ? `${stat.dev}:${stat.ino}` : undefined;
  } catch {
    return undefined;
  }
}
