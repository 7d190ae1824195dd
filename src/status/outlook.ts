import type { ProcessRef } from "../../proc/pid.ts";
import { assertNever } from "../lib/assert-never.ts";
import { formatDuration } from "../lib/format.ts";
import { hasEndedWell } from "../state/ended-well.ts";
import type { ProgramRecord, RecordIn } from "../state/record.ts";
import type { RecordFile } from "../state/record-file.ts";
import { stateTraits } from "../state/states.ts";
import { dueAgain, isDone, whyJobIsDown } from "./job-outlook.ts";
import { type Around, type Down, isKnown, nextOfStopped, type TellWhy } from "./next-start.ts";
import { STARTS_IT } from "./starts-it.ts";
import type { ProgramStatus } from "./status.ts";

/** Of a program that is down: why, and what comes next. */
export type Outlook = Pick<ProgramStatus, "state" | "reason" | "next" | "nextTryAt" | "waitsFor">;

/** Whether it ran, was stopped, or is looked after, only the records would say. */
const UNKNOWN: Outlook = {
  state: "stopped",
  reason:
    "was not found running; nothing else is known about it, because state_dir is not ours alone",
  next: "nothing, until that is fixed",
};

/**
 * Why a program is down, and what comes next, by what is on record and by whether a usrsvcd looks after it. What is
 * said of usrsvcd is what its machine (supervisor/machine.ts) does; a test holds both together.
 */
export function outlook(
  program: Down,
  file: Pick<RecordFile, "record" | "isOfEarlierBoot">,
  around: Around,
  nowMs: number,
  tell?: TellWhy,
): Outlook {
  if (around.isForeign === true) return UNKNOWN;
  const { record } = file;
  const isOfEarlierBoot = file.isOfEarlierBoot === true;
  const isKept = isOfEarlierBoot && record?.desired === "down";
  const why = isKept
    ? { reason: `${record.reason ?? "stopped"}, before the machine was booted` }
    : isOfEarlierBoot
      ? { reason: "it has not been started since the machine was booted" }
      : describeWhy(program, record, around);
  if (!program.enabled) return { state: "stopped", ...why, next: "nothing: enabled = False" };
  if (record?.desired === "down") {
    return { state: "stopped", ...why, next: nextOfAsked(record) };
  }
  const state = isJobDone(program, file) ? "done" : "stopped";
  if (around.isReleased === true && around.daemon === "here") {
    return { state, ...why, next: nextOfReleased(program, file, around, nowMs) };
  }
  const hold = around.holds?.get(program.name);
  if (hold !== undefined && around.daemon === "here") {
    const then = outlook(program, file, { ...around, holds: undefined, isReleased: true }, nowMs);
    const end = hold.until === undefined ? `after "usrsvc release ${program.name}"` : "after that";
    return { state, ...why, next: `nothing while it is held; ${end}: ${then.next}` };
  }
  if (around.daemon !== "here") {
    const runs =
      around.daemon === "none" ? "is not running" : "is running with another configuration file";
    return { state, ...why, next: `nothing: usrsvcd ${runs}` };
  }
  if (!isKnown(program, around)) {
    return { state, ...why, next: nextOfStopped(program, file, around, nowMs, tell) };
  }
  switch (record?.state) {
    case "backoff": {
      const at = record.nextTryAt;
      const soon = at === undefined ? "soon" : inTime(at, record.at, nowMs);
      const nextTryAt = at === undefined ? {} : { nextTryAt: at };
      const next = `usrsvcd tries again ${soon}${dueAgain(program.settings, nowMs)}`;
      tell?.(whyPause(program, record));
      return { state: "backoff", ...why, next, ...nextTryAt };
    }
    case "fatal": {
      const { nextTryAt } = record;
      const due = dueAgain(program.settings, nowMs);
      const next = nextOfGivenUp(program, record, nowMs) + due;
      return { state: "fatal", ...why, next, ...(nextTryAt !== undefined && { nextTryAt }) };
    }
    case "waiting": {
      const ms = nowMs - Date.parse(record.since ?? record.at);
      const lasts = ms > 0 ? `, for ${formatDuration(ms)}` : "";
      const before = record.reason === undefined ? "" : `${why.reason}; `;
      const reason = `${before}waits for ${record.waitsFor ?? "others"}${lasts}`;
      const { waitsFor } = record;
      const awaited = waitsFor === undefined ? {} : { waitsFor };
      return { state: "waiting", reason, next: nextOfWaiting(program), ...awaited };
    }
    case undefined:
    case "stopped":
    case "done":
    // Its process is gone, and what follows is not on record yet.
    case "starting":
    case "running":
    case "stopping":
      return { state, ...why, next: nextOfStopped(program, file, around, nowMs, tell) };
    default:
      return assertNever(record);
  }
}

/** True for a record of a process that ran when it was written; the caller knows that it is gone. */
function isLost(
  record: ProgramRecord | undefined,
): record is ProgramRecord & { readonly process: ProcessRef } {
  return record?.process !== undefined && record.state === "running";
}

/** The same of one that was still being started. */
export function hasEndedUnseen(
  record: ProgramRecord | undefined,
): record is ProgramRecord & { readonly process: ProcessRef } {
  return isLost(record) || (record?.state === "starting" && record.process !== undefined);
}

function describeWhy(
  program: Down,
  record: ProgramRecord | undefined,
  around: Around,
): Pick<ProgramStatus, "reason"> {
  if (isLost(record)) {
    const isSeen = around.daemon === "here" && isKnown(program, around);
    return {
      reason: isSeen
        ? "has ended; usrsvcd has yet to say how"
        : "ended while nothing was watching; status unknown",
    };
  }
  if (record?.state === "starting" && record.process !== undefined) {
    return { reason: "its start was interrupted, and it has since ended" };
  }
  if (record?.state === "stopping" && record.process !== undefined) {
    return { reason: "was being stopped, and has ended" };
  }
  if (record?.reason === undefined) return { reason: "it has not been started yet" };
  const { settings } = program;
  const ofJob = settings?.type === "job" ? whyJobIsDown(settings, record) : undefined;
  if (ofJob !== undefined) return { reason: ofJob };
  const log = program.settings?.stderr;
  const hasFailed = record.state !== "stopped" || record.failures > 0;
  return {
    reason: hasFailed && log !== undefined ? `${record.reason}; log: ${log}` : record.reason,
  };
}

function nextOfGivenUp(
  { name, settings }: Down,
  { failures, nextTryAt, at }: RecordIn<"fatal">,
  nowMs: number,
): string {
  const { maxrestarts: most = 0, restartWindowMs: windowMs = 0 } = settings ?? {};
  const starts = `${failures} failed start${failures === 1 ? "" : "s"}`;
  const often =
    windowMs === 0
      ? ` after ${starts} (maxrestarts = ${most})`
      : ` (maxrestarts = ${most} within restart_window, ${formatDuration(windowMs)})`;
  const after = most > 0 ? often : "";
  const fix = `fix it, then run "usrsvc start ${name}"`;
  return nextTryAt === undefined
    ? `usrsvcd gave up${after}: ${fix}`
    : `usrsvcd gave up${after}, and tries again ${inTime(nextTryAt, at, nowMs)} (retry_after); or ${fix}`;
}

/** An operator has stopped it. */
function nextOfAsked({ stoppedFor, stopLasts }: ProgramRecord): string {
  const also = stoppedFor === undefined ? "" : ` (also of ${stoppedFor})`;
  const until = stopLasts === "forever" ? "" : " or the next boot";
  return `stays down until "usrsvc start"${also}${until}`;
}

function nextOfWaiting({ name }: Down): string {
  return `usrsvcd starts it as soon as that is ready; "usrsvc start --alone ${name}" does not wait`;
}

/** Of a program in backoff: what decides about the pause, and about its end. */
function whyPause({ settings }: Down, { failures }: ProgramRecord): string {
  const {
    maxrestarts: most = 0,
    restartDelayMs: delayMs = 0,
    restartWindowMs = 0,
  } = settings ?? {};
  const failed =
    failures === 0
      ? "it ended again and again soon after its start"
      : `${failures} start${failures === 1 ? " has" : "s have"} failed in a row`;
  if (most === 0) {
    const longest = settings?.restartMaxDelayMs;
    const upTo = longest === undefined ? "restart_max_delay" : formatDuration(longest);
    return `${failed}; maxrestarts = 0, so usrsvcd never gives up, and the pauses grow up to ${upTo}`;
  }
  const within = restartWindowMs === 0 ? "" : ` within ${formatDuration(restartWindowMs)}`;
  return `${failed}; usrsvcd gives up after maxrestarts = ${most}${within}, and restart_delay is ${formatDuration(delayMs)}`;
}

/** As usrsvcd answers to its first look (supervisor/first-look.ts): what was to be tried again is tried at once. */
function nextOfReleased(
  program: Down,
  file: Pick<RecordFile, "record" | "isOfEarlierBoot">,
  around: Around,
  nowMs: number,
): string {
  const { settings, name } = program;
  const record = file.isOfEarlierBoot === true ? undefined : file.record;
  const isService = settings !== undefined && settings.type !== "job";
  if (!isService || !isKnown(program, around))
    return nextOfStopped(program, file, around, nowMs, undefined);
  const { autorestart } = settings;
  if (autorestart === "on-failure" && hasEndedWell(record, settings)) {
    return "nothing: autorestart = on-failure";
  }
  if (record?.state === "fatal" && record.nextTryAt !== undefined && settings.retryAfterMs > 0) {
    return nextOfGivenUp(program, record, nowMs);
  }
  if (settings.autostart || around.isNeeded?.(name) === true) return STARTS_IT;
  const wasToRun = record !== undefined && stateTraits[record.state].tellsThatItRan;
  const isResumed = wasToRun || record?.process !== undefined || record?.desired === "up";
  if (!isResumed) return "nothing: autostart = False";
  return autorestart === false ? "nothing: autorestart = False" : STARTS_IT;
}

/** True for a job that has ended well in this boot. */
function isJobDone(
  { settings }: Down,
  { record, isOfEarlierBoot }: Pick<RecordFile, "record" | "isOfEarlierBoot">,
): boolean {
  if (isOfEarlierBoot === true || record === undefined) return false;
  return settings?.type === "job" ? isDone(record, settings) : record.state === "done";
}

/** A try that is overdue for longer, in ms, is not: the clock was set. */
const OVERDUE_MS = 10_000;

/** `since`: when that was decided. What is further away than it was then tells of a clock that was set, too. */
function inTime(iso: string, since: string, nowMs: number): string {
  const ms = Date.parse(iso) - nowMs;
  if (ms > Date.parse(iso) - Date.parse(since) || ms < -OVERDUE_MS) return "soon";
  return ms > 0 ? `in ${formatDuration(ms)}` : "now";
}
