import { describeStuck } from "../events/end-events.ts";
import { countFailures } from "../events/failure-events.ts";
import { describeJobEnd } from "../events/job-events.ts";
import type { MailedEvent } from "../events/event.ts";
import type { LastEnd } from "../events/last-end.ts";
import { showExit, type ShownExit } from "../events/shown-exit.ts";
import { assertNever } from "../lib/assert-never.ts";
import { formatDuration } from "../lib/format.ts";

/** What people are told of by mail, and what a mail says then of the program. */
export const alertKinds = {
  started: "was found not running, and was started",
  restarted: "was restarted",
  "limit-exceeded": "exceeded a limit, and was restarted",
  "start-failed": "failed to start",
  "keeps-ending": "keeps ending soon after its start",
  "gave-up": "is down: usrsvcd gave up",
  stuck: "cannot be ended",
  "job-failed": "has failed",
  held: "is down, and held",
};

/** Its name. Mails that wait on disk have it: none is renamed. */
export type AlertKind = keyof typeof alertKinds;

/** One thing that happened to a program. Plain JSON: it waits on disk until it is mailed. */
export interface Alert {
  readonly kind: AlertKind;
  readonly program: string;
  /** ISO time. */
  readonly at: string;
  /** Why, in one sentence. */
  readonly reason: string;
  /** How the process ended, where that is part of the story. */
  readonly exit: ShownExit | undefined;
  /** The process that runs now, or was tried. */
  readonly pid: number | undefined;
  /** What happens next. */
  readonly next: string;
  /** Last lines of the program's output. */
  readonly output: readonly string[];
}

/**
 * What people are told of an event, in the words of a mail; undefined where it is no news to them.
 * `at`: ISO time.
 */
export function alertOf(event: MailedEvent, at: string): Alert | undefined {
  const { program } = event;
  const about = { program, at };
  switch (event.kind) {
    case "program.started": {
      const { pid, cause, last } = event;
      if (cause === "planned") return undefined;
      const reason = event.reason ?? "it was not running";
      const next = "usrsvcd watches it";
      const end = endOf(cause === "started" ? { ...last, exit: undefined } : last);
      return { ...about, ...end, kind: cause, pid, reason, next };
    }
    case "program.backoff": {
      const { failures, delayMs, cause, last } = event;
      if (event.isJob === true) return undefined;
      const hasFailed = failures > 0;
      const kind: AlertKind = hasFailed ? "start-failed" : "keeps-ending";
      const reason = hasFailed ? event.reason : cause;
      const next = `usrsvcd tries again in ${formatDuration(delayMs)} (${countFailures(event)})`;
      return { ...about, ...endOf(last), kind, reason, next };
    }
    case "program.job-finished": {
      const { isSuccess, exit, pid, output, next } = event;
      if (isSuccess) return undefined;
      const reason = describeJobEnd(event);
      return { ...about, kind: "job-failed", exit: showExit(exit), pid, reason, next, output };
    }
    case "program.gave-up": {
      const { reason, retryMs, schedule, last } = event;
      const whenDue =
        schedule === undefined
          ? `nothing, until you fix it and run usrsvc start ${program}`
          : `usrsvcd starts it when it is due again (schedule = ${schedule})`;
      const next =
        retryMs === undefined
          ? whenDue
          : `usrsvcd tries again in ${formatDuration(retryMs)} (retry_after); or fix it, then run usrsvc start ${program}`;
      return { ...about, ...endOf(last), kind: "gave-up", reason, next };
    }
    case "program.error": {
      if (event.what !== "trouble" || !event.isDown) return undefined;
      const { reason, retryMs, last } = event;
      const next = `usrsvcd: tried again every ${formatDuration(retryMs)}`;
      return { ...about, ...endOf(last), kind: "start-failed", reason, next };
    }
    case "program.stopped": {
      if (event.why !== "held" || event.isMeant) return undefined;
      const { heldBy, last } = event;
      const reason = `it has ended while it is held by ${heldBy}`;
      const next = `nothing, until usrsvc release ${program}, or usrsvc start ${program}`;
      return { ...about, ...endOf(last), kind: "held", reason, next };
    }
    case "program.stuck": {
      if (event.isKnown) return undefined;
      const { pid } = event;
      const why = event.reason === undefined ? "" : `; it is to end: ${event.reason}`;
      const reason = `${describeStuck(event)}${why}`;
      const next = "usrsvcd goes on trying; nothing is started in its place while it is there";
      return { ...about, kind: "stuck", exit: undefined, pid, reason, next, output: [] };
    }
    default:
      return assertNever(event);
  }
}

function endOf({ exit, pid, output }: LastEnd): Pick<Alert, "exit" | "pid" | "output"> {
  return { exit: exit && showExit(exit), pid, output };
}
