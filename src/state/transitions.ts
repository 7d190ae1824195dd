import type { ProcessRef } from "../../proc/pid.ts";
import {
  emptyRecord,
  type Known,
  noProcess,
  type ProgramRecord,
  type RecordIn,
  type Traits,
} from "./record.ts";
import { windowEnd } from "./start-window.ts";
import { type LogsBefore, ownKeys } from "./states.ts";

/*
 * What brings a program into a state, and what its record says then: pure functions, from one record to the next. What
 * leaves the state as it is, record-facts.ts has.
 */

/** What goes from one state to the next. */
function known(record: ProgramRecord): Known {
  const own = Object.keys(ownKeys[record.state]);
  if (own.length === 0) return record;
  const kept = Object.entries(record).filter(([key]) => !own.includes(key));
  return Object.fromEntries(kept) as unknown as Known;
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
