import { formatDuration } from "../lib/format.ts";
import type { LastEnd } from "./last-end.ts";
import { type Rows, unlogged } from "./row.ts";

/** What decides when a program is given up. */
export interface RestartCounts {
  readonly maxrestarts: number;
  /** restart_window, where it is set, and the ends and failed starts within that. */
  readonly windowMs: number | undefined;
  readonly inWindow: number | undefined;
}

interface Backoff extends RestartCounts {
  readonly kind: "program.backoff";
  readonly failures: number;
  readonly delayMs: number;
  /** ISO time. */
  readonly nextTryAt: string;
  /** Why a start failed, or why there is a pause although none did. */
  readonly reason: string;
  /** Why it is down, where no start failed. */
  readonly cause: string;
  /** Of a job it was told that it has failed. */
  readonly isJob?: boolean;
  readonly last: LastEnd;
}

interface GaveUp extends RestartCounts {
  readonly kind: "program.gave-up";
  readonly failures: number;
  readonly reason: string;
  /** ISO time, and how long that is; undefined: it is not tried again. */
  readonly nextTryAt: string | undefined;
  readonly retryMs: number | undefined;
  /** Of a job with one: it is started when it is due, all the same. */
  readonly schedule?: string | undefined;
  readonly last: LastEnd;
}

/** That a program failed, and is tried again after a pause, or not at all. */
export type FailureEvent = { readonly program: string } & (Backoff | GaveUp);

const IN_WINDOW = "with `restart_window`, the ends and failed starts within that";

export const failureEvents = {
  "program.backoff": {
    level: "warn",
    mailed: true,
    sentence: (event) =>
      `${event.program}: ${countFailures(event)}; next try in ${formatDuration(event.delayMs)}`,
    fields: {
      failures: "",
      delayMs: "",
      nextTryAt: "",
      reason: "",
      inWindow: IN_WINDOW,
      maxrestarts: unlogged,
      windowMs: unlogged,
      cause: unlogged,
      isJob: unlogged,
      last: unlogged,
    },
  },
  "program.gave-up": {
    level: "error",
    mailed: true,
    sentence: (event) =>
      `${event.program}: given up after ${countOfMost(event)}: ${event.reason}; ${describeRetry(event)}`,
    fields: {
      failures: "",
      reason: "",
      inWindow: IN_WINDOW,
      nextTryAt: "with `retry_after`",
      maxrestarts: unlogged,
      windowMs: unlogged,
      retryMs: unlogged,
      schedule: unlogged,
      last: unlogged,
    },
  },
} satisfies Rows<FailureEvent>;

/** Which failure it is, of how many; why there is a pause, where no start failed. */
export function countFailures(event: Backoff): string {
  const { failures, maxrestarts, reason, inWindow } = event;
  if (failures === 0) return reason;
  if (maxrestarts === 0) return `failure ${failures}`;
  return inWindow === undefined
    ? `failure ${failures} of ${maxrestarts} (maxrestarts)`
    : `failure ${inWindow} of ${maxrestarts} (maxrestarts) ${describeWindow(event)}`;
}

/** After how many of what a program was given up. */
function countOfMost(event: GaveUp): string {
  const { failures, maxrestarts, inWindow } = event;
  const count = inWindow ?? failures;
  const what = inWindow === undefined ? "failed start" : "failure";
  const most = `${count} ${what}${count === 1 ? "" : "s"} (maxrestarts = ${maxrestarts})`;
  return inWindow === undefined ? most : `${most} ${describeWindow(event)}`;
}

function describeWindow({ windowMs = 0 }: RestartCounts): string {
  return `within ${formatDuration(windowMs)} (restart_window)`;
}

function describeRetry(event: GaveUp & { readonly program: string }): string {
  const { program, retryMs, schedule } = event;
  const fix = `fix it, then run usrsvc start ${program}`;
  if (retryMs === undefined) {
    return schedule === undefined ? fix : `started when it is due again (${schedule}); or ${fix}`;
  }
  return `next try in ${formatDuration(retryMs)} (retry_after); or ${fix}`;
}
