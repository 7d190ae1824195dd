import { formatIssue } from "../config/issue.ts";
import { assertNever } from "../lib/assert-never.ts";
import { formatDuration } from "../lib/format.ts";
import { describeProgramEvent, isOfProgram } from "./describe-program.ts";
import type { EventOf, Level, UsrsvcEvent } from "./event.ts";
import { levelOf } from "./level.ts";
import { type LineFields, lineFields } from "./line.ts";

/** What is reported of an event. */
export interface Described {
  readonly level: Level;
  /** For people: `msg` of the line. */
  readonly sentence: string;
  /** For programs: the other fields of the line. */
  readonly fields: LineFields;
}

/** An event in words: everything that the log says is worded here. */
export function describe(event: UsrsvcEvent): Described {
  return { level: levelOf(event), sentence: sentenceOf(event), fields: lineFields(event) };
}

function sentenceOf(event: UsrsvcEvent): string {
  if (isOfProgram(event)) return describeProgramEvent(event);
  switch (event.kind) {
    case "daemon.started":
      return `usrsvcd ${event.version} begins, pid ${event.pid}`;
    case "daemon.ready":
      return `supervises ${event.programs} ${event.programs === 1 ? "program" : "programs"}`;
    case "daemon.stopping":
      return describeLeaving(event);
    case "daemon.degraded":
      return describeDegraded(event);
    case "daemon.signal":
      return `${event.signal} is ignored`;
    case "daemon.moved":
      return describeMoved(event);
    case "daemon.reaping":
      return `what loses its parent becomes a child of usrsvcd, and is reaped: ${event.reason}`;
    case "alert.sent":
      return `${event.program}: mail sent`;
    case "alert.failed":
      return `${event.program}: mail could not be sent: ${event.reason}; again in ${formatDuration(event.retryMs)}`;
    case "alert.unsaved":
      return `mails wait only in memory, and would be lost with usrsvcd: ${event.reason}; tried again`;
    case "alert.saved":
      return "no mail waits only in memory any more";
    case "alert.dropped":
      return "file" in event
        ? `${event.file}: is not a mail that can be understood; set aside as .damaged`
        : `${event.program}: a mail on ${event.events} events is dropped: ${event.reason}`;
    case "config.problem":
      return describeProblem(event);
    case "config.reread":
      return describeReread(event);
    case "config.rejected":
      return `configuration rejected, the old one is kept: ${event.problems[0] ?? "unknown"}`;
    default:
      return assertNever(event);
  }
}

function describeLeaving({ ends, runOn }: EventOf<"daemon.stopping">): string {
  if (ends === undefined) return runOn === undefined ? "leaves" : `leaves; ${runOn}`;
  const what = ends === "machine" ? "the machine shuts down" : "the container ends";
  return `${what}: all programs are ended`;
}

function describeDegraded(event: EventOf<"daemon.degraded">): string {
  switch (event.what) {
    case "log-grows":
      return `${event.path} grows without end: ${event.reason}; rotate it with logrotate, followed by usrsvcd reread, or name another file`;
    case "log-elsewhere":
      return `${event.reason}; the log is ${event.path} now`;
    case "log-written": {
      const { reason, since, lost } = event;
      const much = lost === 0 ? "not one of its lines is lost" : `${lost} lines are lost`;
      return `the log could not be written since ${since}: ${reason}; ${much}`;
    }
    case "pidfile-unwritable":
      return `the pidfile of usrsvcd ${event.path} cannot be written: ${event.reason}; tried again`;
    case "pidfile-written":
      return `the pidfile of usrsvcd ${event.path} is written at last`;
    case "description-unwritable":
      return `usrsvcd status and reread know little about this usrsvcd: ${event.reason}; tried again`;
    case "description-written":
      return `${event.path} is written at last`;
    case "description-restored":
      return `${event.path} was deleted or changed; recreated`;
    case "state-lost":
      return `the state folder is lost: ${event.reason}`;
    case "state-not-ours":
      return `the state folder is not ours alone: ${event.reason}; until then usrsvcd writes nothing there, starts nothing, and watches what is running`;
    case "state-ours":
      return `the state folder ${event.path} is ours again`;
    case "state-moved":
      return `the state folder was moved to ${event.path}, and the configuration file is gone: leaves; run usrsvcd -c FILE with the file that is there now`;
    case "lock-restored":
      return `${event.path} was deleted; recreated`;
    case "lock-taken":
      return `${event.path} was deleted; another usrsvcd has it by now: leaves`;
    case "no-pidfd":
      return `the end of a process that is not a child of usrsvcd is noticed only once a second, without exit status: ${event.reason}`;
    case "no-reaping":
      return event.reason;
    case "no-systemd":
      return `systemd is not notified of the state of usrsvcd: ${event.reason}`;
    case "no-inotify":
      return `what usrsvc does is noticed only once a second: the state folder cannot be watched (${event.reason}); is fs.inotify.max_user_watches or max_user_instances used up?`;
    case "inotify":
      return "the state folder is watched again: what usrsvc does is noticed at once";
    default:
      return assertNever(event);
  }
}

function describeMoved(event: EventOf<"daemon.moved">): string {
  switch (event.what) {
    case "log": {
      const { stdout, stderr } = event;
      return `the log continues in ${stderr === "stdout" ? stdout : `${stdout} and ${stderr}`}`;
    }
    case "pidfile":
      return `the pidfile of usrsvcd is ${event.pidfile} now`;
    case "pidfile-left":
      return `${event.pidfile}, the one before, cannot be removed: ${event.reason}`;
    default:
      return assertNever(event);
  }
}

function describeProblem(event: EventOf<"config.problem">): string {
  switch (event.what) {
    case "error":
    case "warning": {
      const { what: severity, program, file, line, message } = event;
      const text = formatIssue({ severity, program, place: { file, line }, message });
      const isAside = severity === "error" && program !== undefined;
      return isAside ? `${text}; ${program} is set aside` : text;
    }
    case "needs-restart":
      return `${event.key} of [Main] needs: usrsvcd restart`;
    case "not-read-again":
      return `${areThere(event.folders)}, but the configuration cannot be read again: ${event.reason}`;
    case "changed-as-well":
      return `${areThere(event.folders)}, but the configuration has also changed: run usrsvcd reread to apply it`;
    default:
      return assertNever(event);
  }
}

function areThere(folders: readonly string[]): string {
  return `${folders.join(", ")} ${folders.length > 1 ? "are" : "is"} there now`;
}

function describeReread(event: EventOf<"config.reread">): string {
  const { added, removed, changed, atRestart, folders } = event;
  if (folders !== undefined)
    return `${areThere(folders)}: no longer set aside: ${added.join(", ")}`;
  const runOn =
    atRestart.length === 0
      ? ""
      : `; until they are, these keep running with older settings: ${atRestart.join(", ")}`;
  return (
    `configuration read again: ${added.length} added, ${removed.length} removed, ` +
    `${changed.length} changed; nothing was restarted${runOn}`
  );
}
