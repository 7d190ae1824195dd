import type { Exit } from "../../proc/exit.ts";
import { monitorKeys } from "../config/schema.ts";
import type { MonitorKey } from "../config/settings.ts";
import { assertNever } from "../lib/assert-never.ts";
import { describeExit } from "../lib/describe-exit.ts";
import { formatDuration } from "../lib/format.ts";
import type { Via } from "../state/record.ts";
import type { LastEnd } from "./last-end.ts";
import { type Rows, unlogged } from "./row.ts";
import { NOT_USRSVC } from "./shown-exit.ts";
import { launchers } from "./start-events.ts";

/** How a process came to be the one of its program in the place of another that ended. */
type Succession = Via | "heir" | "asked" | "by-hand" | "started";

/** Its process has ended. */
type Exited = {
  readonly kind: "program.exited";
  readonly pid: number;
  readonly exit: Exit;
  /** Who ended it; undefined: it did so itself, or nobody knows. */
  readonly by: string | undefined;
  /** What it wrote last. */
  readonly output: readonly string[];
} & (
  | { readonly successor: undefined; readonly how: undefined; readonly reason: string | undefined }
  /** There is another in its place. */
  | { readonly successor: number; readonly how: Succession; readonly reason: undefined }
);

interface Backoff {
  readonly kind: "program.backoff";
  readonly failures: number;
  readonly delayMs: number;
  /** ISO time. */
  readonly nextTryAt: string;
  /** Why a start failed, or why there is a pause although none did. */
  readonly reason: string;
  readonly maxrestarts: number;
  /** Why it is down, where no start failed. */
  readonly cause: string;
  readonly last: LastEnd;
}

interface GaveUp {
  readonly kind: "program.gave-up";
  readonly failures: number;
  readonly reason: string;
  readonly maxrestarts: number;
  readonly last: LastEnd;
}

type Stopped =
  | {
      readonly kind: "program.stopped";
      readonly why: "asked" | "disabled" | "ended" | "not-started";
    }
  /** Ended with the machine. */
  | {
      readonly kind: "program.stopped";
      readonly why: "shutdown";
      readonly pid: number;
      readonly outcome: string;
    };

interface LimitExceeded {
  readonly kind: "program.limit-exceeded";
  readonly pid: number;
  readonly monitor: MonitorKey;
  /** In bytes or ms. */
  readonly measured: number | undefined;
  readonly limit: number;
  /** The same in words, as on record. */
  readonly reason: string;
}

interface Stopping {
  readonly kind: "program.stopping";
  readonly pid: number;
  readonly reason: string;
  /** Whoever began it was killed, or called off: it is finished now. */
  readonly isFinishing: boolean;
}

interface Stuck {
  readonly kind: "program.stuck";
  readonly pid: number;
  /** As /proc has it: D, mostly. */
  readonly state: string;
  /** Why it is ended. */
  readonly reason: string | undefined;
  /** It was told before of this process. */
  readonly isKnown: boolean;
}

/** That a program ended, is ended, or stays down. */
export type EndEvent = { readonly program: string } & (
  Exited | Backoff | GaveUp | Stopped | LimitExceeded | Stopping | Stuck
);

export const endEvents = {
  // Not mailed: the restart is.
  "program.exited": {
    level: { among: ["info", "warn"], of: (event) => (isExpected(event) ? "info" : "warn") },
    sentence: (event) => `${event.program}: ${describeEnd(event)}`,
    fields: {
      pid: "",
      exit: "",
      by: "who ended it",
      output: "what it wrote last",
      successor: "pid of the process that continues in its place",
      how: unlogged,
      reason: unlogged,
    },
  },
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
      maxrestarts: unlogged,
      cause: unlogged,
      last: unlogged,
    },
  },
  "program.gave-up": {
    level: "error",
    mailed: true,
    sentence: ({ program, failures, maxrestarts, reason }) =>
      `${program}: given up after ${failures} failed start${failures === 1 ? "" : "s"} ` +
      `(maxrestarts = ${maxrestarts}): ${reason}; fix it, then run usrsvc start ${program}`,
    fields: { failures: "", reason: "", maxrestarts: unlogged, last: unlogged },
  },
  "program.stopped": {
    level: "info",
    sentence: ({ program, why }) => `${program}: ${stopped[why]}`,
    fields: {
      why: {
        asked: "",
        disabled: "",
        ended: "",
        "not-started": "",
        shutdown: "with `pid` and `outcome`",
      },
      pid: "",
      outcome: "",
    },
  },
  // Not mailed: the restart is.
  "program.limit-exceeded": {
    level: "warn",
    sentence: ({ program, reason }) => `${program}: ${reason}`,
    fields: {
      pid: "",
      monitor: monitorKeys.join(", "),
      measured: "",
      limit: "in bytes or ms, like `measured`",
      reason: unlogged,
    },
  },
  "program.stopping": {
    level: { among: ["info", "warn"], of: ({ isFinishing }) => (isFinishing ? "warn" : "info") },
    sentence: ({ program, isFinishing, reason, pid }) =>
      isFinishing
        ? `${program}: ${reason}: this is completed, pid ${pid} is ended`
        : `${program}: is being ended, to be restarted`,
    about: "ended because of a limit, to be started again, or because an end was interrupted",
    fields: { pid: "", reason: "", isFinishing: unlogged },
  },
  "program.stuck": {
    level: "error",
    mailed: true,
    sentence: (event) => `${event.program}: ${describeStuck(event)}; tried again in a while`,
    about: "the process outlives SIGKILL",
    fields: { pid: "", state: "", reason: "why it is ended", isKnown: unlogged },
  },
} satisfies Rows<EndEvent>;

/** Whoever ended it meant to, or there is another in its place, or it says that all went well. */
function isExpected({ exit, by, successor }: Exited): boolean {
  return isMeant(by) || successor !== undefined || (exit.kind === "code" && exit.code === 0);
}

/** True for whoever of usrsvc ended a process: it was meant. */
function isMeant(by: string | undefined): boolean {
  return by !== undefined && by !== NOT_USRSVC;
}

function describeEnd(event: Exited): string {
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
}: Exited & { readonly successor: number }): string {
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
export function countFailures({ failures, maxrestarts, reason }: Backoff): string {
  if (failures === 0) return reason;
  return maxrestarts > 0
    ? `failure ${failures} of ${maxrestarts} (maxrestarts)`
    : `failure ${failures}`;
}

const stopped: Readonly<Record<Stopped["why"], string>> = {
  asked: "stays down: stopped by usrsvc",
  disabled: "is disabled",
  ended: "stays down: autorestart = False",
  "not-started": "is not started: autostart = False",
  shutdown: "ended",
};

/** What it means that a process outlives SIGKILL. */
export function describeStuck({ pid, state }: Stuck): string {
  return `pid ${pid} outlives SIGKILL (state ${state}, usually waiting for a disk or a network file system)`;
}
