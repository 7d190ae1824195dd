import type { ProcessRef, Ticks } from "../../proc/pid.ts";
import { type Known, type LastExit, noProcess, type ProgramRecord, type Traits } from "./record.ts";
import { windowEnd } from "./start-window.ts";
import type { Desired } from "./states.ts";

/*
 * What became known of a program, or is wanted of it: pure functions that add it to its record, and leave the state as
 * it is. What leads to a state, transitions.ts has.
 */

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
