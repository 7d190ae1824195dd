import type { ProcessRef } from "../../proc/pid.ts";
import type { ProgramSettings } from "../config/settings.ts";
import { callAt, monotonicMs } from "../lib/clock.ts";
import { type Cron, nextTime } from "../lib/cron.ts";
import { formatDuration } from "../lib/format.ts";
import { textHash } from "../lib/text-hash.ts";
import type { ExceededLimit } from "./program-state.ts";

/** What says when a program is restarted although nothing is wrong. */
type Plan = Pick<ProgramSettings, "name" | "enabled" | "maxAgeMs" | "restartAt">;

/** Part of max_age by which a process may be restarted sooner: those that were started together are not all ended at once. */
const SPREAD = 0.05;
/** What is too old already is restarted within this time, in ms. */
const MOST_LATE_MS = 600_000;
/** By restart_at: at most so much later, as a part of the time from one to the next, and in ms. */
const AFTER = 0.02;
const MOST_AFTER_MS = 60_000;
/** A process that is no older was started for the same time, in ms. */
const YOUNG_MS = 1000;
/** The clock of the machine is looked at again after this time at the latest, in ms: it may have been set. */
const LOOK_AGAIN_MS = 3_600_000;

/** Calls `onDue` once, when the process is due for a planned restart, unless the function that is returned is called before. */
export function planRestart(
  process: ProcessRef,
  plan: Plan,
  ageMs: number,
  onDue: (why: ExceededLimit) => void,
): () => void {
  const { name, enabled, maxAgeMs, restartAt } = plan;
  let endAge = nothing;
  let endTimes = nothing;
  const cancel = (): void => {
    endAge();
    endTimes();
  };
  if (!enabled) return cancel;
  const due = (monitor: string, limit: number, how: string): void => {
    cancel();
    const reason = `planned restart: ${monitor} = ${how}`;
    onDue({ monitor, measured: undefined, limit, reason, isPlanned: true });
  };
  if (maxAgeMs > 0) {
    const at = monotonicMs() + dueInMs(maxAgeMs, ageMs, chanceOf(name, process));
    endAge = callAt(at, () => due("max_age", maxAgeMs, formatDuration(maxAgeMs)));
  }
  const bornAt = monotonicMs() - ageMs;
  const awaitNext = (times: Cron): void => {
    const now = Date.now();
    const age = monotonicMs() - bornAt;
    const at = timeDueAt(times, now, age, chanceOf(name, process)) ?? Infinity;
    const lookAt = monotonicMs() + Math.min(at - now, LOOK_AGAIN_MS);
    endTimes = callAt(lookAt, () => {
      if (Date.now() >= at) due("restart_at", 0, times.text);
      else awaitNext(times);
    });
  };
  if (restartAt !== undefined) awaitNext(restartAt);
  return cancel;
}

const nothing = (): void => {};

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
function chanceOf(name: string, { pid, startTime }: ProcessRef): number {
  return Number.parseInt(textHash(`${name} ${pid} ${startTime}`).slice(0, 8), 16) / 2 ** 32;
}
