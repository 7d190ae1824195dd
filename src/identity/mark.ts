import { readlinkSync } from "node:fs";
import { ProcError } from "../../proc/error.ts";
import { type Pid, type ProcessRef, TICKS_PER_SECOND, type Ticks } from "../../proc/pid.ts";
import type { ProcReader } from "../../proc/reader.ts";
import type { Stat } from "../../proc/stat.ts";
import { emptyRecord, type ProgramRecord } from "../state/record.ts";
import { keptDown } from "../state/record-facts.ts";
import { textHash } from "../lib/text-hash.ts";

/*
 * Each launch puts the program's name and an id of its own into the environment. Children inherit
 * both through every fork and session, so that what a launch has made can be found by its id alone.
 */

/** Variable with the name of the program. */
const PROGRAM = "USRSVC_PROGRAM";
/** Variable with the id of the launch. */
export const LAUNCH_VARIABLE = "USRSVC_LAUNCH";

/** Longest time between the id of a launch and the birth of its process, in ticks; threads and memory may be short. */
const BORN_WITHIN_TICKS = 2 * TICKS_PER_SECOND;

/**
 * An id that no other launch has: the `home` of the launcher, and the time, in seconds since boot.
 * (No secret: who could use it could as well read it in /proc.)
 */
export function newLaunchId(home: string, uptimeSeconds: number): string {
  const ticks = Math.floor(uptimeSeconds * TICKS_PER_SECOND);
  const random = Math.random().toString(36).slice(2, 10);
  return `${home}-${ticks.toString(36)}-${process.pid.toString(36)}-${random}`;
}

/** When a launch was made, as its id has it; undefined for an id that another version has made. */
export function launchedAt(id: string): Ticks | undefined {
  const word = id.split("-")[1] ?? "";
  const ticks = /^[0-9a-z]+$/.test(word) ? Number.parseInt(word, 36) : Number.NaN;
  return Number.isSafeInteger(ticks) ? (ticks as Ticks) : undefined;
}

/**
 * True for what was launched itself, or what has taken its place at once: it leads its session, and was
 * born when the launch was made.
 */
export function isLaunchedItself(
  stat: Pick<Stat, "pid" | "session" | "startTime">,
  id: string,
): boolean {
  const at = launchedAt(id);
  if (at === undefined || stat.session !== Number(stat.pid)) return false;
  const ticks = stat.startTime - at;
  return ticks >= -1 && ticks <= BORN_WITHIN_TICKS;
}

/**
 * What distinguishes one usrsvc of an account from another: its configuration file, as it was named, and the pid
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
  const launch = environ.get(LAUNCH_VARIABLE);
  if (program === undefined || launch === undefined) return undefined;
  return { program, launch, home: launch.split("-", 1)[0] ?? "" };
}

/** True for a variable that only a launch sets. */
export function isMark(name: string): boolean {
  return name === PROGRAM || name === LAUNCH_VARIABLE;
}

/** The variables that mark what a launch makes, as `NAME=value`. */
export function launchMark(program: string, launch: string): readonly string[] {
  return [`${PROGRAM}=${program}`, `${LAUNCH_VARIABLE}=${launch}`];
}

/** A launch that is under way, or was when its maker was killed. */
export interface LaunchNote {
  readonly id: string;
  /** ISO time. */
  readonly at: string;
  /** What was launched; undefined: the launcher was killed before it knew. */
  readonly launched: ProcessRef | undefined;
}

/** Whose notes count: those of this boot, and of the usrsvc that has this `home`. */
export interface NoteHost {
  readonly proc: Pick<ProcReader, "bootId">;
  readonly home: string;
}

/**
 * What is noted at the program's lock before a launch, and after it with what was `launched`: it is no
 * launch of another boot.
 */
export function launchNote(id: string, boot: string, launched?: ProcessRef): string {
  const note = `launch ${id} ${new Date().toISOString()} ${boot}`;
  return launched === undefined ? note : `${note} ${launched.pid}:${launched.startTime}`;
}

/** What is noted there when an operator has stopped the program: for this boot, or for ever. */
export function downNote(boot: string, lasts: "boot" | "forever"): string {
  return lasts === "forever" ? DOWN_FOREVER : `down ${boot}`;
}

const DOWN_FOREVER = "down forever";

/** What is known of a program whose record is damaged or gone: that an operator has stopped it. */
export function lostRecord(name: string, note: string, boot: string): ProgramRecord {
  const empty = emptyRecord(name, boot);
  if (note === DOWN_FOREVER) return keptDown(empty, "forever");
  return note === downNote(boot, "boot") ? keptDown(empty) : empty;
}

/**
 * The launch that a note describes, if nobody has recorded what became of it: `record` is of
 * another one. Another usrsvc's note is none: of a file that shares the state folder, or has the original
 * of it.
 */
export function unfinishedLaunch(
  note: string,
  record: ProgramRecord | undefined,
  { proc, home }: NoteHost,
): LaunchNote | undefined {
  const [word, id = "", at = "", boot, ref = ""] = note.split(" ");
  if (word !== "launch" || id === record?.launch) return undefined;
  if (boot !== proc.bootId() || !id.startsWith(`${home}-`)) return undefined;
  const [, pid, startTime] = /^([1-9]\d*):(\d+)$/.exec(ref) ?? [];
  const launched =
    pid === undefined
      ? undefined
      : { pid: Number(pid) as Pid, startTime: Number(startTime) as Ticks };
  return { id, at, launched };
}

/** By the process of a look: a thousand programs may ask about a thousand processes. Null: it has none. */
const marks = new WeakMap<ProcessRef, Mark | null>();

/** The mark of a process of a look, read once for all who ask; undefined: it has none. */
export function knownMark(
  ref: ProcessRef,
  { proc }: { readonly proc: Pick<ProcReader, "environ"> },
): Mark | undefined {
  let mark = marks.get(ref);
  if (mark === undefined) marks.set(ref, (mark = markOf(proc, ref.pid) ?? null));
  return mark ?? undefined;
}
