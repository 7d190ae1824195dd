import type { Exit } from "../../proc/exit.ts";
import { assertNever } from "../lib/assert-never.ts";
import { describeExit } from "../lib/describe-exit.ts";
import { countLeftOvers, formatDuration } from "../lib/format.ts";
import type { EventOf, EventOfProgram, RestartCounts, UsrsvcEvent } from "./event.ts";
import { isMeant } from "./level.ts";
import { NOT_USRSVC } from "./shown-exit.ts";

/** True for what happened to a program, or was done about it. */
export function isOfProgram(event: UsrsvcEvent): event is EventOfProgram {
  return event.kind.startsWith("program.");
}

/** What happened to a program, in a sentence that names it. */
export function describeProgramEvent(event: EventOfProgram): string {
  if (event.kind === "program.renamed") return event.text;
  if (event.kind === "program.busy" && event.from !== undefined) {
    return `${event.program} was ${event.from} before its section was renamed, and ${event.worker} is at work on it: it is supervised when that is done`;
  }
  return `${event.program}: ${tell(event)}`;
}

/** What follows the name of the program. */
function tell(event: Exclude<EventOfProgram, { readonly kind: "program.renamed" }>): string {
  switch (event.kind) {
    case "program.busy":
      return `left alone: ${event.worker} is working on it`;
    case "program.starting": {
      const { command, isRestart, by, action } = event;
      const asked = by === undefined ? "" : `, asked for by usrsvc ${action}, pid ${by}`;
      return `${isRestart ? "starting again" : "starting"}: ${command}${asked}`;
    }
    case "program.started":
      return `is running, pid ${event.pid}, for ${formatDuration(event.livedMs)}`;
    case "program.start-failed":
      return event.action === undefined ? `could not be started: ${event.reason}` : event.reason;
    case "program.adopted":
      return describeAdoption(event);
    case "program.requested":
      return event.message ?? `${event.action} asked for by usrsvc, pid ${event.by}`;
    case "program.exited":
      return describeEnd(event);
    case "program.backoff":
      return `${countFailures(event)}; next try in ${formatDuration(event.delayMs)}`;
    case "program.gave-up":
      return `given up after ${countOfMost(event)}: ${event.reason}; ${describeRetry(event)}`;
    case "program.stopped":
      return event.why === "succeeded"
        ? `stays down: ${describeExit(event.exit)}, a success (autorestart = on-failure)`
        : stopped[event.why];
    case "program.limit-exceeded":
    case "program.restart-due":
      return event.reason;
    case "program.stopping":
      return event.isFinishing
        ? `${event.reason}: this is completed, pid ${event.pid} is ended`
        : "is being ended, to be restarted";
    case "program.stuck":
      return `${describeStuck(event)}; tried again in a while`;
    case "program.removed":
      return `no longer configured, ${describeRest(event)}`;
    case "program.pidfile-repaired":
      if (event.what === "removed") return event.text;
      return `pidfile ${event.pidfile} ${event.what === "recreated" ? "recreated" : "written at last"}`;
    case "program.warning":
      return describeWarning(event);
    case "program.error":
      return describeError(event);
    case "program.recovered":
      return `is supervised again, after ${formatDuration(event.lastedMs)}: the trouble was ${event.reason}`;
    default:
      return assertNever(event);
  }
}

const stopped: Readonly<Record<Exclude<EventOf<"program.stopped">["why"], "succeeded">, string>> = {
  asked: "stays down: stopped by usrsvc",
  disabled: "is disabled",
  ended: "stays down: autorestart = False",
  "not-started": "is not started: autostart = False",
  shutdown: "ended",
};

function describeAdoption({ pid, via, known }: EventOf<"program.adopted">): string {
  if (via === "pidfile") return `already running, pid ${pid}, found by its pidfile`;
  if (via === "scan") return `already running, pid ${pid}, found among all processes`;
  if (known === "mark") return `already running, pid ${pid}, known by its mark`;
  return `is running, pid ${pid}, ${known === "record" ? "known from its record" : launchers[known]}`;
}

/** Who has launched what an operator wanted. */
const launchers = {
  asked: "started by usrsvcd, at the request of usrsvc",
  "by-hand": "started by hand",
  started: "started",
};

function describeEnd(event: EventOf<"program.exited">): string {
  const { exit, by } = event;
  if (event.reason !== undefined) return event.reason;
  const ended = describeEnding(exit, by);
  return event.successor === undefined ? ended : `${ended}; ${describeSuccessor(event)}`;
}

/** How a process ended, and by whom. */
export function describeEnding(exit: Exit, by: string | undefined): string {
  const who = by === NOT_USRSVC ? ", not by usrsvc" : by === undefined ? "" : `, by ${by}`;
  return `${describeExit(exit)}${who}`;
}

function describeSuccessor({
  how,
  successor,
  by,
}: EventOf<"program.exited"> & { readonly successor: number }): string {
  switch (how) {
    case "heir":
      return `pid ${successor}, which stems from it, continues in its place`;
    case "pidfile":
      return `its pidfile names pid ${successor}, which continues in its place`;
    case "scan":
      return `pid ${successor}, which was not started by usrsvcd, matches and is the program now`;
    case "launch":
      return `pid ${successor} continues in its place`;
    case "asked":
    case "by-hand":
    case "started":
      if (isMeant(by)) return `it is pid ${successor} now`;
      return `it has since been ${launchers[how]}, and is pid ${successor} now`;
    default:
      return assertNever(how);
  }
}

/** Which failure it is, of how many; why there is a pause, where no start failed. */
export function countFailures(event: EventOf<"program.backoff">): string {
  const { failures, maxrestarts, reason } = event;
  if (failures === 0) return reason;
  if (maxrestarts === 0) return `failure ${failures}`;
  return event.inWindow === undefined
    ? `failure ${failures} of ${maxrestarts} (maxrestarts)`
    : `failure ${event.inWindow} of ${maxrestarts} (maxrestarts) ${describeWindow(event)}`;
}

/** After how many of what a program was given up. */
function countOfMost(event: EventOf<"program.gave-up">): string {
  const { failures, maxrestarts, inWindow } = event;
  const count = inWindow ?? failures;
  const what = inWindow === undefined ? "failed start" : "failure";
  const most = `${count} ${what}${count === 1 ? "" : "s"} (maxrestarts = ${maxrestarts})`;
  return inWindow === undefined ? most : `${most} ${describeWindow(event)}`;
}

function describeWindow({ windowMs = 0 }: RestartCounts): string {
  return `within ${formatDuration(windowMs)} (restart_window)`;
}

function describeRetry({ program, retryMs }: EventOf<"program.gave-up">): string {
  const fix = `fix it, then run usrsvc start ${program}`;
  if (retryMs === undefined) return fix;
  return `next try in ${formatDuration(retryMs)} (retry_after); or ${fix}`;
}

/** What it means that a process outlives SIGKILL. */
export function describeStuck({ pid, state }: EventOf<"program.stuck">): string {
  return `pid ${pid} outlives SIGKILL (state ${state}, usually waiting for a disk or a network file system)`;
}

function describeRest({ pid, to }: EventOf<"program.removed">): string {
  const where = pid === undefined ? "" : `, pid ${pid}`;
  if (to !== undefined) return `its section is ${to} now${where}`;
  return pid === undefined ? "it is not running" : `keeps running${where}`;
}

function describeWarning(event: EventOf<"program.warning">): string {
  switch (event.what) {
    case "left-behind":
      return `${countLeftOvers(event.leftBehind)} of its session ended`;
    case "broken-off":
      return `${countLeftOvers(event.leftBehind)} of an interrupted start ended: nothing matched within success_seconds`;
    case "others":
      return `other processes also match, and are left alone: ${event.otherPids.join(", ")}`;
    case "pidfile-unwritable":
      return `pidfile ${event.pidfile} could not be written: ${event.reason}`;
    case "pidfile-unremovable":
      return `pidfile ${event.pidfile} could not be removed: ${event.reason}`;
    case "record-lost":
      return `its record ${event.reason}: recreated`;
    case "record-damaged":
      return `its record was damaged: set aside as .damaged, the program is searched for without it (${event.reason})`;
    case "disputed": {
      const { pid, owner, isOurs } = event;
      return `pid ${pid} is also on record for ${owner}, and is ${isOurs ? "this program's" : `${owner}'s`}`;
    }
    case "unwatched":
      return `activity file is only checked when its time is up: ${event.reason}`;
    case "pidfile-kept":
    case "note":
      return event.text;
    default:
      return assertNever(event);
  }
}

function describeError(event: EventOf<"program.error">): string {
  switch (event.what) {
    case "trouble": {
      const { exit, reason, retryMs } = event;
      const ended = exit === undefined ? "" : `${describeExit(exit)}, and stays down: `;
      return `${ended}${reason}; tried again every ${formatDuration(retryMs)}, and reported when it works`;
    }
    case "elsewhere":
      return (
        `is also a program of ${event.config}, which shares the state_dir, and ${event.how}: left alone; ` +
        "give one of them another name, or another state_dir"
      );
    case "expression":
      return event.reason;
    case "not-ended":
      return `could not be ended: ${event.reason}`;
    case "unanswered":
      return `${event.action} could not be answered: ${event.reason}`;
    default:
      return assertNever(event);
  }
}
