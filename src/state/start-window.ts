import { type ProcessRef, TICKS_PER_SECOND, type Ticks } from "../../proc/pid.ts";
import type { ProgramSettings } from "../config/settings.ts";
import type { RecordIn } from "./record.ts";

/** The settings that say how long a start may take. */
export type WindowSettings = Pick<ProgramSettings, "successMs"> &
  Partial<Pick<ProgramSettings, "ready" | "startTimeoutMs" | "type">>;

/** What a start may take beyond its window until its verdict is on record, in ms. */
export const START_SLACK_MS = 3000;

/**
 * How long a start is judged, in ms from the launch on: success_seconds, or start_timeout where there is a check. Of a
 * program of which nothing is configured any more, no time at all.
 */
export function startWindowMs(settings: WindowSettings | undefined): number {
  if (settings === undefined) return 0;
  const { ready, successMs, startTimeoutMs = 0 } = settings;
  return ready === undefined ? successMs : startTimeoutMs;
}

/** When the start window of what was launched is over. */
export function windowEnd({ startTime }: ProcessRef, windowMs: number): Ticks {
  return (startTime + Math.ceil((windowMs / 1000) * TICKS_PER_SECOND)) as Ticks;
}

/** What is left of the window, in ms, as the record tells; negative once it is over, and where it does not tell. */
export function windowLeftMs(
  { windowEndsAt }: RecordIn<"starting">,
  uptimeSeconds: number,
): number {
  if (windowEndsAt === undefined) return Number.NEGATIVE_INFINITY;
  return (windowEndsAt / TICKS_PER_SECOND - uptimeSeconds) * 1000;
}
