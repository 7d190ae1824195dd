import type { ProcessRef, Ticks } from "../../proc/pid.ts";
import {
  emptyRecord,
  type Known,
  type LastExit,
  type ProgramRecord,
  type RecordIn,
} from "./record.ts";
import { windowEnd } from "./start-window.ts";
import type { Desired, LogsBefore } from "./states.ts";

/*
 * What happens to a program, and what its record says then: pure functions, from one record to the next. Those of
 * the first part lead to a state; those of the second add what became known, and leave the state as it is.
 */

/** What is known of a process, by which what stems from it is known again. */
export type Traits = Pick<Known, "session" | "image" | "title">;

/** No process is the program's, nor what it was launched with. */
const noProcess = { process: undefined, launched: undefined, session: undefined } as const;

/** What goes from one state to the next. */
function known(record: ProgramRecord): Known {
  if (record.state === "starting") {
    const { windowEndsAt: _, logged: _logged, ...rest } = record;
    return rest;
  }
  if (record.state === "backoff" || record.state === "fatal") {
    const { nextTryAt: _, ...rest } = record;
    return rest;
  }
  if (record.state === "waiting") {
    const { since: _, waitsFor: _waitsFor, ...rest } = record;
    return rest;
  }
  return record;
}

/** It was executed; whether it is the program is seen in its window, of `windowMs`. */
export function launching(
  record: ProgramRecord,
  {
    process,
    windowMs,
    logged,
    ...facts
  }: Pick<
    Known,
    "image" | "config" | "pidfile" | "launch" | "launcher" | "digest" | "parts" | "run"
  > & {
    readonly process: ProcessRef;
    readonly windowMs: number;
    readonly logged?: LogsBefore | undefined;
  },
): RecordIn<"starting"> {
  return {
    ...known(record),
    ...facts,
    ...(logged && { logged }),
    state: "starting",
    windowEndsAt: windowEnd(process, windowMs),
    process,
    launched: process,
    session: undefined,
    via: "launch",
    reason: undefined,
  };
}

/**
 * What was launched by somebody who was killed before its pid was known. Where it may be something that this has left it
 * counts as found, `via` a scan.
 */
export function launchFound(
  record: ProgramRecord,
  launch: string,
  process: ProcessRef,
  via: "launch" | "scan",
  windowMs: number,
): RecordIn<"starting"> {
  return {
    ...known(record),
    state: "starting",
    windowEndsAt: windowEnd(process, windowMs),
    process,
    launched: process,
    image: undefined,
    launch,
    launcher: undefined,
    via,
  };
}

/** What was launched has ended since: as it would say, had it not been lost. */
export function launchLost(
  record: ProgramRecord,
  launch: string,
  launched: ProcessRef,
): RecordIn<"running"> {
  const via = "launch";
  return { ...known(record), state: "running", process: launched, launched, launch, via };
}

/** A start from here has succeeded. */
export function started(
  record: ProgramRecord,
  { via, ...seen }: Traits & Pick<Known, "via"> & { readonly process: ProcessRef },
): RecordIn<"running"> {
  return { ...known(record), ...seen, state: "running", via, failures: 0 };
}

/** A process was found that runs, whoever started it. What is not told of it stays as it is on record. */
export function adopted(
  record: ProgramRecord,
  found: Pick<Known, "via" | "launch" | "launched"> &
    Partial<Traits & Pick<Known, "digest" | "launcher">> & { readonly process: ProcessRef },
): RecordIn<"running"> {
  return { ...known(record), ...found, state: "running", reason: undefined };
}

/** It is the program for who holds it, whatever its record says. */
export function held(record: ProgramRecord, process: ProcessRef): RecordIn<"running"> {
  return { ...known(record), state: "running", process };
}

/** As long as nobody has said what came of a start: what it has made need not show the program's words. */
export function unfinished(record: ProgramRecord): RecordIn<"starting"> {
  return { ...known(record), state: "starting", windowEndsAt: undefined };
}

/** What was launched has asked for more time: its window is that long. */
export function extended<R extends ProgramRecord>(
  record: R,
  launched: ProcessRef,
  windowMs: number,
): R {
  return record.state === "starting"
    ? { ...record, windowEndsAt: windowEnd(launched, windowMs) }
    : record;
}

/** It is told to end. */
export function stopping(
  record: ProgramRecord,
  process: ProcessRef | undefined,
  reason = record.reason,
): RecordIn<"stopping"> {
  return { ...known(record), state: "stopping", process, reason };
}

/** It was ended, or its start has failed: nothing of it runs. */
export function stopped(
  record: ProgramRecord,
  {
    reason,
    lastExit = record.lastExit,
    ended = record.ended,
  }: Pick<Known, "reason"> & Partial<Pick<Known, "lastExit" | "ended">>,
): RecordIn<"stopped"> {
  return { ...known(record), ...noProcess, state: "stopped", reason, lastExit, ended };
}

/** The same by an operator, who is told what runs on: none of it is the program. */
export function stoppedByOperator(
  record: ProgramRecord,
  { runsOn, ...how }: Parameters<typeof stopped>[1] & Pick<Known, "runsOn">,
): RecordIn<"stopped"> {
  return { ...stopped(record, how), runsOn, digest: undefined };
}

/** It does not run, and nobody starts it. */
export function staysDown(record: ProgramRecord, reason = record.reason): RecordIn<"stopped"> {
  return { ...known(record), state: "stopped", reason };
}

/** A job has ended well. */
export function done(record: ProgramRecord, reason: string | undefined): RecordIn<"done"> {
  return { ...known(record), ...noProcess, state: "done", reason, failures: 0 };
}

/** Another try follows, at this ISO time. */
export function backedOff(
  record: ProgramRecord,
  nextTryAt: string,
  reason = record.reason,
): RecordIn<"backoff"> {
  return { ...known(record), state: "backoff", nextTryAt, reason };
}

/** It is started when what it starts after is ready; `at`: an ISO time. */
export function waiting(record: ProgramRecord, waitsFor: string, at: string): RecordIn<"waiting"> {
  const since = record.state === "waiting" ? record.since : at;
  return { ...known(record), ...noProcess, state: "waiting", waitsFor, since };
}

/** No further try follows, or one at this ISO time. */
export function gaveUp(record: ProgramRecord, nextTryAt?: string): RecordIn<"fatal"> {
  return { ...known(record), state: "fatal", ...(nextTryAt !== undefined && { nextTryAt }) };
}

/** It has ended, and what it left is being ended. `nextTryAt`: an ISO time, where it is started again after that. */
export function endingLeftovers(
  record: ProgramRecord,
  dead: Pick<Known, "process" | "launched" | "session">,
  reason: string,
  nextTryAt: string | undefined,
): RecordIn<"stopped" | "backoff"> {
  const left = { ...known(record), ...dead };
  return nextTryAt === undefined
    ? { ...left, state: "stopped", reason }
    : { ...left, state: "backoff", nextTryAt, reason };
}

/** The machine was booted since: what counts is how the program ended, and a stop that lasts beyond that. */
export function rebooted(
  { name, config, lastExit, dueUntil, at, by, desired, stopLasts, reason }: ProgramRecord,
  boot: string,
): RecordIn<"stopped"> {
  const due = dueUntil === undefined ? {} : { dueUntil };
  const before = lastExit && { ...lastExit, isOfEarlierBoot: true as const };
  const after = { ...emptyRecord(name, boot, by), config, lastExit: before, ...due, at };
  const isKept = desired === "down" && stopLasts === "forever";
  return isKept ? { ...after, desired, stopLasts, reason } : after;
}

/** Whose record it is from now on: which program of ours writes it, for which main configuration file. */
export function signed<R extends ProgramRecord>(
  record: R,
  { by, config }: Pick<Known, "by" | "config">,
): R {
  return { ...record, by, config };
}

/** Its section has another name. */
export function renamed<R extends ProgramRecord>(
  record: R,
  name: string,
  writer: Pick<Known, "by" | "config">,
): R {
  return { ...signed(record, writer), name };
}

/** What is wanted of it. */
export function wanted<R extends ProgramRecord>(record: R, desired: Desired): R {
  const stopLasts = desired === "down" ? record.stopLasts : undefined;
  return { ...record, desired, stopLasts };
}

/** What an operator wants of it; `desiredAt`: when that call was born. */
export function ordered<R extends ProgramRecord>(
  record: R,
  desired: Desired,
  desiredAt: Ticks | undefined,
  { lasts, stoppedFor }: StopOrder = {},
): R {
  const stopLasts = desired === "down" && lasts === "forever" ? lasts : undefined;
  return { ...record, desired, desiredAt, stopLasts, ...asStoppedFor(record, stoppedFor) };
}

/** What there is to say of an operator's stop. */
export interface StopOrder {
  readonly lasts?: "boot" | "forever";
  /** See Known. */
  readonly stoppedFor?: string | undefined;
}

/** In a record of its own key, which most have not. */
function asStoppedFor(before: Known, stoppedFor: string | undefined): Pick<Known, "stoppedFor"> {
  return before.stoppedFor === undefined && stoppedFor === undefined ? {} : { stoppedFor };
}

/** That an operator has stopped it is known, and no more. */
export function keptDown<R extends ProgramRecord>(record: R, stopLasts = record.stopLasts): R {
  return { ...record, desired: "down", stopLasts, reason: "stopped by usrsvc" };
}

/** Restarts and failures, as far as they are told. */
export function counted<R extends ProgramRecord>(
  record: R,
  counts: Partial<Pick<Known, "restarts" | "failures">>,
): R {
  return { ...record, ...counts };
}

/** Its process has ended; `told`: how, unless the record tells of a later one. What follows is yet to be decided. */
export function exited<R extends ProgramRecord>(
  record: R,
  told?: Pick<Known, "lastExit" | "reason">,
): R {
  return { ...record, ...noProcess, ...told };
}

/** How the process before it ended. */
export function exitNoted<R extends ProgramRecord>(record: R, lastExit: LastExit): R {
  return { ...record, lastExit };
}

/** All times up to this ISO time at which it was due were dealt with. */
export function dueNoted<R extends ProgramRecord>(record: R, dueUntil: string): R {
  return { ...record, dueUntil };
}

/** Why it is as it is. */
export function explained<R extends ProgramRecord>(record: R, reason: string | undefined): R {
  return { ...record, reason };
}

/** The image of its process could be seen. */
export function imageSeen<R extends ProgramRecord>(record: R, image: number | undefined): R {
  return { ...record, image };
}

/** By now another process is what was launched to become the program. */
export function followed<R extends ProgramRecord>(
  record: R,
  seen: Traits & { readonly process: ProcessRef },
): R {
  return { ...record, ...seen };
}

/** Which process it has is to be decided by who can end it. */
export function belongsTo<R extends ProgramRecord>(record: R, process: ProcessRef): R {
  return { ...record, process };
}

/** Its process is gone, of which nothing was noted yet. */
export function gone<R extends ProgramRecord>(record: R): R {
  return { ...record, process: undefined };
}

/** With nothing in it of what runs: the program is to be looked for. */
export function withoutProcess<R extends ProgramRecord>(record: R): R {
  return { ...record, ...noProcess, launch: undefined };
}
