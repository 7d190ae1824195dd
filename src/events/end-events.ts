import type { Exit } from "../../proc/exit.ts";
import { monitorKeys } from "../config/schema.ts";
import type { MonitorKey } from "../config/settings.ts";
import { assertNever } from "../lib/assert-never.ts";
import { describeExit } from "../lib/describe-exit.ts";
import type { Via } from "../state/record.ts";
import type { LastEnd } from "./last-end.ts";
import { type Rows, unlogged } from "./row.ts";
import { endedByItself, NOT_USRSVC } from "./shown-exit.ts";
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
  /** success_exit says so, and autorestart that it stays down then. */
  readonly isSuccess?: boolean;
} & (
  | { readonly successor: undefined; readonly how: undefined; readonly reason: string | undefined }
  /** There is another in its place. */
  | { readonly successor: number; readonly how: Succession; readonly reason: undefined }
);

type Stopped =
  | {
      readonly kind: "program.stopped";
      readonly why: "asked" | "disabled" | "ended" | "not-started";
    }
  /** With autorestart = on-failure. */
  | { readonly kind: "program.stopped"; readonly why: "succeeded"; readonly exit: Exit }
  /** It would be started again, was it not held. */
  | {
      readonly kind: "program.stopped";
      readonly why: "held";
      readonly heldBy: string;
      /** An operator has ended it: no news to anybody. */
      readonly isMeant: boolean;
      readonly last: LastEnd;
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

/** By max_age or restart_at: nothing is wrong. */
interface RestartDue {
  readonly kind: "program.restart-due";
  readonly pid: number;
  readonly reason: string;
}

interface Stopping {
  readonly kind: "program.stopping";
  readonly pid: number;
  readonly reason: string;
  /** Whoever began it was killed, or called off: it is finished now. */
  readonly isFinishing: boolean;
  /** A job has exceeded a limit: it is not started again for that. */
  readonly isLast?: boolean;
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

/** That the process of a program ended, or is ended, or that it stays down as it should. */
export type EndEvent = { readonly program: string } & (
  Exited | Stopped | LimitExceeded | RestartDue | Stopping | Stuck
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
      isSuccess: unlogged,
    },
  },
  "program.stopped": {
    level: {
      among: ["info", "warn"],
      of: (event) => (event.why === "held" && !event.isMeant ? "warn" : "info"),
    },
    mailed: true, // where it is held, and has ended by itself
    sentence: (event) => `${event.program}: ${describeStopped(event)}`,
    fields: {
      why: {
        asked: "",
        disabled: "",
        ended: "",
        succeeded: "as `exit` says, with autorestart = on-failure",
        "not-started": "",
        held: "it has ended while an operator holds it",
        shutdown: "with `pid` and `outcome`",
      },
      heldBy: "",
      isMeant: unlogged,
      last: unlogged,
      exit: "",
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
  "program.restart-due": {
    level: "info",
    about: "by `max_age` or `restart_at`: nothing is wrong",
    sentence: ({ program, reason }) => `${program}: ${reason}`,
    fields: { pid: "", reason: "" },
  },
  "program.stopping": {
    level: { among: ["info", "warn"], of: ({ isFinishing }) => (isFinishing ? "warn" : "info") },
    sentence({ program, isFinishing, isLast, reason, pid }) {
      if (isFinishing) return `${program}: ${reason}: this is completed, pid ${pid} is ended`;
      return `${program}: is being ended${isLast === true ? `: ${reason}` : ", to be restarted"}`;
    },
    about: "ended because of a limit, to be started again, or because an end was interrupted",
    fields: { pid: "", reason: "", isFinishing: unlogged, isLast: unlogged },
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
function isExpected({ exit, by, successor, isSuccess }: Exited): boolean {
  return (
    isSuccess === true ||
    !endedByItself(by) ||
    successor !== undefined ||
    (exit.kind === "code" && exit.code === 0)
  );
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
      if (!endedByItself(by)) return `it is pid ${successor} now`;
      return `it has since been ${launchers[how]}, and is pid ${successor} now`;
    default:
      return assertNever(how);
  }
}

function describeStopped(event: Stopped & { readonly program: string }): string {
  switch (event.why) {
    case "succeeded":
      return `stays down: ${describeExit(event.exit)}, a success (autorestart = on-failure)`;
    case "held":
      return `stays down while it is held by ${event.heldBy}; usrsvc release ${event.program} ends that`;
    case "asked":
    case "disabled":
    case "ended":
    case "not-started":
    case "shutdown":
      return stopped[event.why];
    default:
      return assertNever(event);
  }
}

const stopped: Readonly<Record<Exclude<Stopped["why"], "succeeded" | "held">, string>> = {
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
