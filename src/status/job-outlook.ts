import type { ProgramSettings } from "../config/settings.ts";
import { endedByItself, endedByOperator } from "../events/shown-exit.ts";
import { nextTime } from "../lib/cron.ts";
import { formatDuration, localMinute, localSecond } from "../lib/format.ts";
import { hasEndedInThisBoot, hasEndedWell, isSuccess } from "../state/ended-well.ts";
import { describeDone } from "../state/job-words.ts";
import type { ProgramRecord } from "../state/record.ts";
import { STARTS_IT } from "./starts-it.ts";
import type { ProgramStatus } from "./status.ts";

/** What is told of a job only. */
export type JobFacts = Pick<ProgramStatus, "nextDueAt" | "lastRun">;

/** What became of the last run, in whatever boot, and when the next one is due, if usrsvcd looks after the job. */
export function jobFacts(
  settings: ProgramSettings | undefined,
  record: ProgramRecord | undefined,
  isLookedAfter: boolean,
  nowMs: number,
): JobFacts {
  if (settings?.type !== "job") return {};
  const { schedule, enabled } = settings;
  const isPlanned = isLookedAfter && enabled && record?.desired !== "down";
  const due = isPlanned && schedule ? nextTime(schedule, new Date(nowMs)) : undefined;
  return { ...lastRun(settings, record), ...(due && { nextDueAt: due.toISOString() }) };
}

function lastRun(
  settings: ProgramSettings,
  record: ProgramRecord | undefined,
): Pick<JobFacts, "lastRun"> {
  const { exit, by } = record?.lastExit ?? {};
  if (exit === undefined) return {};
  if (endedByOperator(by)) return { lastRun: "stopped" };
  const isGood = endedByItself(by) && isSuccess(exit, settings);
  return { lastRun: isGood ? "done" : "failed" };
}

/** Of a job that is down: how its last run ended in this boot; undefined: there is none to tell of. */
export function whyJobIsDown(
  { stderr, ...settings }: ProgramSettings,
  record: ProgramRecord,
): string | undefined {
  if (!hasEndedInThisBoot(record)) return undefined;
  if (isDone(record, settings)) return describeDone(record);
  const { lastRun: last } = lastRun({ ...settings, stderr }, record);
  return last === "failed" && record.reason !== undefined
    ? `failed: ${record.reason}; log: ${stderr}`
    : undefined;
}

/** True for a job that is not to be run again for what came of its last run. */
export function isDone(
  record: ProgramRecord | undefined,
  settings: Pick<ProgramSettings, "successExit">,
): boolean {
  return record?.state === "done" || hasEndedWell(record, settings);
}

/** What usrsvcd does next with a job that does not run; `ran`: in this boot. */
export function nextOfJob(
  { name, autorestart, schedule }: ProgramSettings,
  { record, autostart, ran, isGood }: JobStanding,
  nowMs: number,
): string {
  const isTriedAgain = ran && !isGood && autorestart === "on-failure";
  const isResumed = record?.desired === "up" && autorestart === "on-failure";
  if (isTriedAgain || (!ran && (autostart || isResumed))) return STARTS_IT;
  if (schedule !== undefined) {
    const due = nextTime(schedule, new Date(nowMs));
    return due === undefined
      ? "nothing: it is never due"
      : `${STARTS_IT} at ${describeDue(due, nowMs)}`;
  }
  if (isGood) return `nothing: it is done; "usrsvc start ${name}" runs it again`;
  if (ran) return `nothing: it has failed; "usrsvc start ${name}" runs it again`;
  return "nothing: autostart = False";
}

/** Of a job with a schedule, which something else may start before: `; due again at 2030-01-01 04:00, in 3 h`. */
export function dueAgain(settings: ProgramSettings | undefined, nowMs: number): string {
  if (settings?.type !== "job" || settings.schedule === undefined) return "";
  const due = nextTime(settings.schedule, new Date(nowMs));
  return due === undefined ? "" : `; due again at ${describeDue(due, nowMs)}`;
}

/** How a job stands that is down. */
interface JobStanding {
  readonly record: ProgramRecord | undefined;
  /** Or one that is started by itself needs it. */
  readonly autostart: boolean;
  readonly ran: boolean;
  readonly isGood: boolean;
}

/**
 * When a job is due, by the clock of the machine and from now: `2030-01-01 04:00, in 3 h`; with its seconds, where it has
 * some that count.
 */
export function describeDue(due: Date, nowMs: number, hasSeconds = due.getSeconds() !== 0): string {
  const at = hasSeconds ? localSecond(due.toISOString()) : localMinute(due);
  return `${at}, in ${formatDuration(Math.max(0, due.getTime() - nowMs))}`;
}
