import { assertNever } from "../lib/assert-never.ts";
import { countLeftOvers } from "../lib/format.ts";
import { type Rows, unlogged } from "./row.ts";

interface Removed {
  readonly kind: "program.removed";
  /** It runs on. */
  readonly pid: number | undefined;
  /** What its section is called now. */
  readonly to: string | undefined;
}

interface Renamed {
  readonly kind: "program.renamed";
  readonly from: string;
  readonly pid: number | undefined;
  readonly text: string;
}

type PidfileRepaired = { readonly kind: "program.pidfile-repaired"; readonly pidfile: string } & (
  | { readonly what: "recreated" | "written"; readonly pid: number }
  /** It named nobody of the program any more, as `text` says. */
  | { readonly what: "removed"; readonly text: string }
);

interface Busy {
  readonly kind: "program.busy";
  /** Its section was called so, and that is worked on. */
  readonly from: string | undefined;
  readonly worker: string;
}

/** What an operator should know, although the program is looked after. */
type Warning = { readonly kind: "program.warning" } &
  /** Processes that its last process, or a start that was broken off, had left, and that were ended. */
  (
    | { readonly what: "left-behind" | "broken-off"; readonly leftBehind: number }
    /** More than one matches. */
    | { readonly what: "others"; readonly pid: number; readonly otherPids: readonly number[] }
    | {
        readonly what: "pidfile-unwritable";
        readonly pid: number;
        readonly pidfile: string;
        readonly reason: string;
      }
    | { readonly what: "pidfile-unremovable"; readonly pidfile: string; readonly reason: string }
    /** It names a process that does not match, as `text` says. */
    | { readonly what: "pidfile-kept"; readonly pidfile: string; readonly text: string }
    /** The file was deleted, damaged, or names a process of another account. */
    | { readonly what: "record-lost" | "record-damaged"; readonly reason: string }
    /** The record of another program names the process as well. */
    | {
        readonly what: "disputed";
        readonly pid: number;
        readonly owner: string;
        readonly isOurs: boolean;
      }
    /** Its activity file is looked at less often. */
    | { readonly what: "unwatched"; readonly reason: string }
    /** In the words that `usrsvc start` has for it. */
    | { readonly what: "note"; readonly pid: number | undefined; readonly text: string }
  );

/** A command that is run at a turn of its life; of before_start its start is told. */
interface HookFailed {
  readonly kind: "program.hook-failed";
  readonly hook: string;
  readonly pid: number | undefined;
  readonly reason: string;
  /** The last lines that it wrote. */
  readonly output: readonly string[];
}

/** What happens around a program: to its section, its pidfile, its record, or what belongs to it. */
export type CareEvent = { readonly program: string } & (
  Removed | Renamed | PidfileRepaired | Busy | Warning | HookFailed
);

export const careEvents = {
  "program.removed": {
    level: "info",
    sentence: (event) => `${event.program}: no longer configured, ${describeRest(event)}`,
    fields: { pid: "it keeps running", to: "the name of its section now" },
  },
  "program.renamed": {
    level: "info",
    sentence: ({ text }) => text,
    fields: { from: "", pid: "", text: unlogged },
  },
  "program.pidfile-repaired": {
    level: "info",
    sentence: (event) => `${event.program}: ${describeRepair(event)}`,
    fields: {
      what: { recreated: "", written: "", removed: "" },
      pidfile: "",
      pid: "",
      text: unlogged,
    },
  },
  "program.busy": {
    level: { among: ["debug", "info"], of: ({ from }) => (from === undefined ? "debug" : "info") },
    sentence: ({ program, from, worker }) =>
      from === undefined
        ? `${program}: left alone: ${worker} is working on it`
        : `${program} was ${from} before its section was renamed, and ${worker} is at work on it: it is supervised when that is done`,
    about: "another usrsvc is working on it",
    fields: { worker: "", from: "the former name of its section, where that is worked on" },
  },
  "program.warning": {
    level: {
      among: ["warn", "info"],
      of: ({ what }) => (what === "left-behind" ? "info" : "warn"),
    },
    sentence: (event) => `${event.program}: ${describeWarning(event)}`,
    fields: {
      what: {
        "left-behind":
          "processes ended that it had left in its session, or in its group, if it was found running and leads no session",
        "broken-off": "the same of a start",
        others: "more than one matches",
        "pidfile-unwritable": "",
        "pidfile-unremovable": "",
        "pidfile-kept": "it names a process that does not match",
        "record-lost": "",
        "record-damaged": "",
        disputed: "another program's record names its process",
        unwatched: "its activity file is looked at less often",
        note: "",
      },
      leftBehind: "their number",
      pid: "",
      otherPids: "",
      pidfile: "",
      owner: "",
      reason: "",
      isOurs: unlogged,
      text: unlogged,
    },
  },
  "program.hook-failed": {
    level: "warn",
    sentence: ({ program, hook, reason }) => `${program}: ${hook} failed: ${reason}`,
    about: "it changes nothing for the program; of before_start program.start-failed tells",
    fields: {
      hook: "after_start, after_exit or before_stop",
      pid: "",
      reason: "",
      output: "",
    },
  },
} satisfies Rows<CareEvent>;

function describeRest({ pid, to }: Removed): string {
  const where = pid === undefined ? "" : `, pid ${pid}`;
  if (to !== undefined) return `its section is ${to} now${where}`;
  return pid === undefined ? "it is not running" : `keeps running${where}`;
}

function describeRepair(event: PidfileRepaired): string {
  if (event.what === "removed") return event.text;
  return `pidfile ${event.pidfile} ${event.what === "recreated" ? "recreated" : "written at last"}`;
}

function describeWarning(event: Warning): string {
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
