import type { Exit } from "../../proc/exit.ts";
import { formatDuration } from "../lib/format.ts";
import type { Via } from "../state/record.ts";
import type { LastEnd } from "./last-end.ts";
import { type Rows, unlogged } from "./row.ts";

interface Starting {
  readonly kind: "program.starting";
  readonly pid: number;
  readonly reason: string | undefined;
  /** Of the usrsvc that asked for it, and what it asked for. */
  readonly by: number | undefined;
  readonly action: string | undefined;
  readonly command: string;
  readonly isRestart: boolean;
}

/** What a start is, for people: the first, one after a death, after a limit was exceeded, or one that was planned. */
export type StartCause = "started" | "restarted" | "limit-exceeded" | "planned";

interface Started {
  readonly kind: "program.started";
  readonly pid: number;
  readonly via: Via;
  readonly livedMs: number;
  readonly cause: StartCause;
  /** Why it was started. */
  readonly reason: string | undefined;
  readonly last: LastEnd;
}

interface StartFailed {
  readonly kind: "program.start-failed";
  readonly pid: number | undefined;
  readonly reason: string;
  /** Exit code of usrsvc. */
  readonly code: number;
  readonly exit: Exit | undefined;
  readonly details: readonly string[];
  readonly output: readonly string[];
  /** What an operator had asked for, who is told as well. */
  readonly action: string | undefined;
}

interface Adopted {
  readonly kind: "program.adopted";
  readonly pid: number;
  readonly via: Via;
  /** How it is known, where it was launched by usrsvc or usrsvcd. */
  readonly known: "record" | "mark" | "asked" | "by-hand";
}

interface Requested {
  readonly kind: "program.requested";
  readonly action: string;
  /** Pid of the usrsvc that asks. */
  readonly by: number;
  /** It was called off. */
  readonly result: string | undefined;
  readonly message: string | undefined;
}

interface Waiting {
  readonly kind: "program.waiting";
  /** The name of a program, or a check, that it starts after. */
  readonly waitsFor: string;
  /** Why that is not ready, as far as it is known. */
  readonly reason: string | undefined;
}

/** That a program is started, or found running. */
export type StartEvent = { readonly program: string } & (
  Starting | Started | StartFailed | Adopted | Requested | Waiting
);

export const startEvents = {
  "program.starting": {
    level: "info",
    sentence({ program, command, isRestart, by, action }) {
      const asked = by === undefined ? "" : `, asked for by usrsvc ${action}, pid ${by}`;
      return `${program}: ${isRestart ? "starting again" : "starting"}: ${command}${asked}`;
    },
    fields: {
      pid: "",
      reason: "",
      by: "pid of the usrsvc that asked for it",
      action: unlogged,
      command: unlogged,
      isRestart: unlogged,
    },
  },
  "program.started": {
    level: "info",
    mailed: true,
    sentence: ({ program, pid, livedMs }) =>
      `${program}: is running, pid ${pid}, for ${formatDuration(livedMs)}`,
    fields: {
      pid: "",
      via: "",
      livedMs: unlogged,
      cause: unlogged,
      reason: unlogged,
      last: unlogged,
    },
  },
  // Not mailed: what follows is, the next try or none.
  "program.start-failed": {
    level: "error",
    sentence: ({ program, action, reason }) =>
      `${program}: ${action === undefined ? `could not be started: ${reason}` : reason}`,
    fields: {
      pid: "",
      reason: "",
      code: "exit code of usrsvc",
      exit: "",
      details: "",
      output: "",
      action: "what an operator had asked for",
    },
  },
  "program.adopted": {
    level: "info",
    sentence: (event) => `${event.program}: ${describeAdoption(event)}`,
    about: "it runs, and was not started by this usrsvcd",
    fields: { pid: "", via: "", known: unlogged },
  },
  "program.requested": {
    level: "info",
    sentence: ({ program, message, action, by }) =>
      `${program}: ${message ?? `${action} asked for by usrsvc, pid ${by}`}`,
    fields: {
      action: "",
      by: "pid of the usrsvc that asked for a start or restart",
      result: "if it was cancelled: interrupted, overtaken",
      message: unlogged,
    },
  },
  "program.waiting": {
    level: "info",
    about: "it starts after something that is not ready",
    sentence: ({ program, waitsFor }) => `${program}: is started when ${waitsFor} is ready`,
    fields: {
      waitsFor: "a program, or a check",
      reason: "why that is not ready, where it is known",
    },
  },
} satisfies Rows<StartEvent>;

function describeAdoption({ pid, via, known }: Adopted): string {
  if (via === "pidfile") return `already running, pid ${pid}, found by its pidfile`;
  if (via === "scan") return `already running, pid ${pid}, found among all processes`;
  if (known === "mark") return `already running, pid ${pid}, known by its mark`;
  return `is running, pid ${pid}, ${known === "record" ? "known from its record" : launchers[known]}`;
}

/** Who has launched what an operator wanted. */
export const launchers = {
  asked: "started by usrsvcd, at the request of usrsvc",
  "by-hand": "started by hand",
  started: "started",
};
