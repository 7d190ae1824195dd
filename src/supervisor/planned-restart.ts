import type { ProcessRef } from "../../proc/pid.ts";
import type { ProgramSettings } from "../config/settings.ts";
import { callAt, monotonicMs } from "../lib/clock.ts";
import type { Cron } from "../lib/cron.ts";
import { formatDuration } from "../lib/format.ts";
import { chanceOf, dueInMs, timeDueAt } from "../lifecycle/restart-times.ts";
import type { ExceededLimit } from "./program-state.ts";

/** What says when a program is restarted although nothing is wrong. */
type Plan = Pick<ProgramSettings, "name" | "enabled" | "maxAgeMs" | "restartAt">;

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
