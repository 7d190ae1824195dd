import { type ProcessRef, TICKS_PER_SECOND, type Ticks } from "../../proc/pid.ts";
import type { ProgramSettings } from "../config/settings.ts";
import type { StartingRecord } from "./record.ts";

/** The settings that say how long a start may take. */
export type WindowSettings = Pick<ProgramSettings, "successMs"> &
  Partial<Pick<ProgramSettings, "ready" | "startTimeoutMs">>;

/** How long a start is judged, in ms from the launch on: success_seconds, or start_timeout where there is a check. */
export function startWindowMs({ ready, successMs, startTimeoutMs = 0 }: WindowSettings): number {
  return ready === undefined ? successMs : startTimeoutMs;
}

/** When the start window of what was launched is over. */
export function windowEnd({ startTime }: ProcessRef, successMs: number): Ticks {
  return (startTime + Math.ceil((successMs / 1000) * TICKS_PER_SECOND)) as Ticks;
}

/** What is left of the window, in ms, as the record tells; negative once it is over, and where it does not tell. */
export function windowLeftMs({ windowEndsAt }: StartingRecord, uptimeSeconds: number): number {
  if (windowEndsAt === undefined) return Number.NEGATIVE_INFINITY;
  return (windowEndsAt / TICKS_PER_SECOND - uptimeSeconds) * 1000;
}
