import type { ProcessRef } from "../../proc/pid.ts";
import { type Cron, nextTime } from "../lib/cron.ts";
import { textHash } from "../lib/text-hash.ts";

/*
 * When a process is due for a planned restart (max_age, restart_at), as usrsvcd has it: for usrsvcd, and for who asks.
 */

/** Part of max_age by which a process may be restarted sooner: those that were started together are not all ended at once. */
const SPREAD = 0.05;
/** What is too old already is restarted within this time, in ms. */
const MOST_LATE_MS = 600_000;
/** By restart_at: at most so much later, as a part of the time from one to the next, and in ms. */
const AFTER = 0.02;
const MOST_AFTER_MS = 60_000;
/** A process that is no older was started for the same time, in ms. */
const YOUNG_MS = 1000;
/** In how many ms a process of this age is due. */
export function dueInMs(maxAgeMs: number, ageMs: number, chance: number): number {
  const leftMs = maxAgeMs * (1 - SPREAD * chance) - ageMs;
  return leftMs > 0 ? leftMs : chance * Math.min(maxAgeMs * SPREAD, MOST_LATE_MS);
}

/**
 * When a process of this age is due by such times, in ms since 1970: at the first of them since its birth that is not over
 * yet, or a little later. Undefined: never.
 */
export function timeDueAt(
  times: Cron,
  now: number,
  ageMs: number,
  chance: number,
): number | undefined {
  const since = now - Math.min(Math.max(0, ageMs - YOUNG_MS), MOST_AFTER_MS);
  let at = nextTime(times, new Date(since));
  while (at !== undefined) {
    const next = nextTime(times, at);
    const gapMs = (next?.getTime() ?? Infinity) - at.getTime();
    const due = at.getTime() + chance * Math.min(gapMs * AFTER, MOST_AFTER_MS);
    if (due >= now) return due;
    at = next;
  }
  return undefined;
}

/** From 0 to 1, and the same for who looks at this process again: a reread, or another usrsvcd. */
export function chanceOf(name: string, { pid, startTime }: ProcessRef): number {
  return Number.parseInt(textHash(`${name} ${pid} ${startTime}`).slice(0, 8), 16) / 2 ** 32;
}
