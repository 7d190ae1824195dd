import { assertNever } from "../lib/assert-never.ts";
import type { EventOf, Level, UsrsvcEvent } from "./event.ts";
import { NOT_USRSVC } from "./shown-exit.ts";

/** How much an event matters. */
export function levelOf(event: UsrsvcEvent): Level {
  switch (event.kind) {
    case "daemon.started":
    case "daemon.ready":
    case "daemon.stopping":
    case "daemon.signal":
    case "daemon.reaping":
    case "alert.sent":
    case "alert.saved":
    case "config.reread":
    case "program.starting":
    case "program.started":
    case "program.adopted":
    case "program.requested":
    case "program.restart-due":
    case "program.stopped":
    case "program.removed":
    case "program.renamed":
    case "program.pidfile-repaired":
    case "program.recovered":
      return "info";
    case "alert.failed":
    case "alert.unsaved":
    case "program.backoff":
    case "program.limit-exceeded":
      return "warn";
    case "config.rejected":
    case "program.start-failed":
    case "program.gave-up":
    case "program.stuck":
    case "program.error":
      return "error";
    case "daemon.degraded":
      return degradedLevels[event.what];
    case "daemon.moved":
      return event.what === "pidfile-left" ? "warn" : "info";
    case "alert.dropped":
      return "file" in event ? "warn" : "error";
    case "config.problem":
      return event.what === "error" ? "error" : "warn";
    case "program.exited":
      return isExpected(event) ? "info" : "warn";
    case "program.stopping":
      return event.isFinishing ? "warn" : "info";
    case "program.busy":
      return event.from === undefined ? "debug" : "info";
    case "program.warning":
      return event.what === "left-behind" ? "info" : "warn";
    default:
      return assertNever(event);
  }
}

const degradedLevels: Readonly<Record<EventOf<"daemon.degraded">["what"], Level>> = {
  "log-grows": "warn",
  "log-elsewhere": "error",
  "log-written": "warn",
  "pidfile-unwritable": "error",
  "pidfile-written": "warn",
  "description-unwritable": "error",
  "description-written": "warn",
  "description-restored": "warn",
  "state-lost": "error",
  "state-not-ours": "error",
  "state-ours": "warn",
  "state-moved": "error",
  "lock-restored": "warn",
  "lock-taken": "error",
  "no-pidfd": "warn",
  "no-reaping": "warn",
  "no-systemd": "warn",
  "no-inotify": "warn",
  inotify: "info",
};

/** Whoever ended it meant to, or there is another in its place, or it says that all went well. */
function isExpected({ exit, by, successor, isSuccess }: EventOf<"program.exited">): boolean {
  return (
    isSuccess === true ||
    isMeant(by) ||
    successor !== undefined ||
    (exit.kind === "code" && exit.code === 0)
  );
}

/** True for whoever of usrsvc ended a process: he meant to. */
export function isMeant(by: string | undefined): boolean {
  return by !== undefined && by !== NOT_USRSVC;
}
