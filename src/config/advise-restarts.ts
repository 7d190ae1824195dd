import { formatDuration } from "../lib/format.ts";
import type { Remark } from "./advice.ts";
import type { Unsure } from "./resolve/table.ts";
import type { ProgramSettings } from "./settings.ts";

/** With restart_window no more ends are counted. */
const MOST_COUNTED = 1000;

const NEVER_GIVEN_UP = "has no effect with maxrestarts = 0: no program is given up";

/** What is set of when a program is started again, and has no effect, or one that is unlikely to be intended. */
export function adviseRestarts(settings: Unsure<ProgramSettings>): readonly Remark[] {
  return [
    ...adviseSuccess(settings),
    ...advisePauses(settings),
    ...adviseGivingUp(settings),
    ...adviseAge(settings),
  ];
}

function adviseSuccess({
  autorestart,
  successExit,
  type,
}: Unsure<ProgramSettings>): readonly Remark[] {
  const isSet = successExit !== undefined && !(successExit.length === 1 && successExit[0] === 0);
  if (!isSet || autorestart === undefined || type === "job") return [];
  const key = "success_exit";
  if (autorestart !== "on-failure") {
    return [{ key, text: "has no effect without autorestart = on-failure" }];
  }
  if (successExit.includes(0)) return [];
  const all = ["0", ...successExit].join(", ");
  return [
    { key, text: `0 is not in it, so exit code 0 is a failure; if it is none, write ${all}` },
  ];
}

function advisePauses({
  restartDelayMs,
  restartMaxDelayMs,
}: Unsure<ProgramSettings>): readonly Remark[] {
  if (restartDelayMs === undefined || (restartMaxDelayMs ?? Infinity) >= restartDelayMs) return [];
  const [least, most] = [restartDelayMs, restartMaxDelayMs ?? 0].map(formatDuration);
  const text = `${most} is shorter than restart_delay, ${least}, which is what every pause takes then`;
  return [{ key: "restart_max_delay", text }];
}

function adviseGivingUp({
  maxrestarts,
  restartDelayMs,
  restartWindowMs = 0,
  retryAfterMs = 0,
}: Unsure<ProgramSettings>): readonly Remark[] {
  const remarks: Remark[] = [];
  if (maxrestarts === undefined) return [];
  if (maxrestarts === 0) {
    if (restartWindowMs > 0) remarks.push({ key: "restart_window", text: NEVER_GIVEN_UP });
    if (retryAfterMs > 0) remarks.push({ key: "retry_after", text: NEVER_GIVEN_UP });
    return remarks;
  }
  if (restartWindowMs === 0) return [];
  if (maxrestarts > MOST_COUNTED) {
    const text = `with restart_window no more than ${MOST_COUNTED} are counted: it means ${MOST_COUNTED}`;
    remarks.push({ key: "maxrestarts", text });
  }
  const leastMs = (maxrestarts - 1) * (restartDelayMs ?? 0);
  if (leastMs >= restartWindowMs) {
    const text =
      `${formatDuration(restartWindowMs)} is too short: ${maxrestarts} failed starts (maxrestarts) with pauses of ` +
      `${formatDuration(restartDelayMs ?? 0)} (restart_delay) take ${formatDuration(leastMs)}, so that none is given up`;
    remarks.push({ key: "restart_window", text });
  }
  return remarks;
}

/** `24` was to be hours, most likely. */
const SHORT_AGE_MS = 60_000;

function adviseAge({ maxAgeMs = 0 }: Unsure<ProgramSettings>): readonly Remark[] {
  if (maxAgeMs === 0 || maxAgeMs >= SHORT_AGE_MS) return [];
  const text = `the program is restarted every ${formatDuration(maxAgeMs)}; hours are written as 24h`;
  return [{ key: "max_age", text }];
}
