import { ProcError } from "../../proc/error.ts";
import type { Pid, ProcessRef } from "../../proc/pid.ts";
import type { ProcReader } from "../../proc/reader.ts";
import { isDead } from "../../proc/stat.ts";
import { monotonicMs, sleep } from "../clock.ts";
import type { Host } from "./host.ts";
import type { ProgramRecord } from "./record.ts";

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

/** An id that no other launch has. (No secret: who could use it could as well read it in /proc.) */
export function newLaunchId(): string {
  return `${Date.now().toString(36)}-${process.pid.toString(36)}-${Math.random().toString(36).slice(2)}`;
}

/** True for a variable that only a launch sets. */
export function isMark(name: string): boolean {
  return name === PROGRAM || name === LAUNCH;
}

/** The variables that mark what a launch makes, as `NAME=value`. */
export function launchMark(program: string, launch: string): readonly string[] {
  return [`${PROGRAM}=${program}`, `${LAUNCH}=${launch}`];
}

/**
 * The record as it would be had its writer not been killed in mid-launch. Under the program's lock
 * only: that is held until the exec of what was launched, whoever dies, so that the mark is there.
 */
export async function completeLaunch(
  record: ProgramRecord,
  host: Pick<Host, "proc">,
): Promise<ProgramRecord> {
  const { phase, process, launch } = record;
  if (phase !== "starting" || process !== undefined || launch === undefined) return record;
  const found = await findLaunched(launch, host.proc);
  return found === undefined ? record : { ...record, process: found, launched: found };
}

/** What was launched with this id, or, if that is gone, the first of what it made. */
async function findLaunched(launch: string, proc: ProcReader): Promise<ProcessRef | undefined> {
  const end = monotonicMs() + EXEC_PATIENCE_MS;
  for (;;) {
    const looks = proc.pids().map((pid) => look(pid, launch, proc));
    const marked = looks.filter((one) => one !== "none" && one !== "unclear");
    const [first] = marked.toSorted(
      (a, b) =>
        Number(b.leadsSession) - Number(a.leadsSession) ||
        a.ref.startTime - b.ref.startTime ||
        a.ref.pid - b.ref.pid,
    );
    if (first !== undefined) return first.ref;
    if (!looks.includes("unclear") || monotonicMs() > end) return undefined;
    await sleep(EXEC_LOOK_MS, undefined);
  }
}

interface Marked {
  readonly ref: ProcessRef;
  readonly leadsSession: boolean;
}

function look(pid: Pid, launch: string, proc: ProcReader): Marked | "none" | "unclear" {
  try {
    if (pid === process.pid || proc.uid(pid) !== process.getuid?.()) return "none";
    const stat = proc.stat(pid);
    if (isDead(stat) || stat.session === 0) return "none"; // or a thread of the kernel
    const environ = proc.environ(pid);
    if (environ.get(LAUNCH) === launch) {
      return { ref: { pid, startTime: stat.startTime }, leadsSession: stat.session === pid };
    }
    // Cleared for good, or in mid-exec: only that shows no command line either.
    return environ.size === 0 && proc.cmdline(pid).length === 0 ? "unclear" : "none";
  } catch (error) {
    if (error instanceof ProcError) return "none"; // gone meanwhile, or not ours to read
    throw error;
  }
}
