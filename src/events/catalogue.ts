import type { EventOf, Kind, Level } from "./event.ts";
import type { LineFieldOf } from "./line.ts";

type ValueOf<T, F extends string> = T extends { readonly [K in F]: infer V } ? V : never;

/** Fields with names for values: the manual lists all. */
type Listed = "what" | "why";

/** What the manual says of an event: its row in docs/log.md. */
export interface CatalogueRow<K extends Kind> {
  readonly levels: readonly Level[];
  /** What it is, where its name does not say it. */
  readonly about?: string;
  /** What each field is, where its name does not say it; of a field with names for values, what each is. */
  readonly fields: {
    readonly [F in LineFieldOf<K>]: F extends Listed
      ? Readonly<Record<ValueOf<EventOf<K>, F> & string, string>>
      : string;
  };
}

const IN_WINDOW = "with `restart_window`, the ends and failed starts within that";

/** All events, as the manual has them. */
export const catalogue: { readonly [K in Kind]: CatalogueRow<K> } = {
  "daemon.started": {
    levels: ["info"],
    fields: { pid: "", version: "", config: "", state: "", log: "" },
  },
  "daemon.ready": { levels: ["info"], fields: { programs: "" } },
  "daemon.stopping": { levels: ["info"], fields: {} },
  "daemon.degraded": {
    levels: ["warn", "error", "info"],
    about: "what usrsvcd cannot do, or can again",
    fields: {
      what: {
        "log-grows": "it is not rolled",
        "log-elsewhere": "its path is not ours to write",
        "log-written": "it could not be",
        "pidfile-unwritable": "",
        "pidfile-written": "",
        "description-unwritable": "`usrsvcd status` knows little",
        "description-written": "",
        "description-restored": "",
        "state-lost": "",
        "state-not-ours": "others can change it",
        "state-ours": "",
        "state-moved": "",
        "lock-restored": "",
        "lock-taken": "by another usrsvcd",
        "no-pidfd": "deaths are noticed only once a second",
        "no-reaping": "",
        "no-systemd": "",
        "no-inotify": "what usrsvc does is noticed only once a second",
        inotify: "at once again",
      },
      path: "",
      reason: "",
      since: "",
      lost: "number of lines",
    },
  },
  "daemon.signal": { levels: ["info"], fields: { signal: "one that is ignored" } },
  "daemon.moved": {
    levels: ["info", "warn"],
    about: "where the log continues after a reread, or the pidfile is",
    fields: {
      what: { log: "", pidfile: "", "pidfile-left": "the one before cannot be removed" },
      stdout: "",
      stderr: "",
      pidfile: "",
      reason: "",
    },
  },
  "daemon.reaping": {
    levels: ["info"],
    about: "processes that lose their parent become children of usrsvcd",
    fields: { reason: "" },
  },
  "alert.sent": { levels: ["info"], fields: { events: "how many the mail stands for" } },
  "alert.failed": { levels: ["warn"], fields: { reason: "", attempts: "", retryMs: "" } },
  "alert.unsaved": {
    levels: ["warn"],
    about: "mails wait in memory only, because the disk is full, for example; reported once",
    fields: { reason: "" },
  },
  "alert.saved": { levels: ["info"], about: "mails are on disk again", fields: {} },
  "alert.dropped": {
    levels: ["warn", "error"],
    fields: { events: "", reason: "", file: "a mail that cannot be understood" },
  },
  "config.problem": {
    levels: ["warn", "error"],
    fields: {
      what: {
        error: "",
        warning: "",
        "needs-restart": "of usrsvcd, for `key`",
        "not-read-again": "although missing `folders` are there",
        "changed-as-well": "so that a reread is needed",
      },
      file: "",
      line: "",
      key: "",
      folders: "",
      reason: "",
    },
  },
  "config.reread": {
    levels: ["info"],
    fields: {
      added: "",
      removed: "",
      changed: "",
      atRestart: "programs that run with older settings until they are restarted",
      folders: "that were missing, where nobody asked for a reread",
    },
  },
  "config.rejected": { levels: ["error"], fields: { problems: "" } },
  "program.starting": {
    levels: ["info"],
    fields: { pid: "", reason: "", by: "pid of the usrsvc that asked for it" },
  },
  "program.started": { levels: ["info"], fields: { pid: "", via: "" } },
  "program.start-failed": {
    levels: ["error"],
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
    levels: ["info"],
    about: "it runs, and was not started by this usrsvcd",
    fields: { pid: "", via: "" },
  },
  "program.requested": {
    levels: ["info"],
    fields: {
      action: "",
      by: "pid of the usrsvc that asked for a start or restart",
      result: "if it was cancelled: interrupted, overtaken",
    },
  },
  "program.exited": {
    levels: ["info", "warn"],
    fields: {
      pid: "",
      exit: "",
      by: "who ended it",
      output: "what it wrote last",
      successor: "pid of the process that continues in its place",
    },
  },
  "program.backoff": {
    levels: ["warn"],
    fields: { failures: "", delayMs: "", nextTryAt: "", reason: "", inWindow: IN_WINDOW },
  },
  "program.gave-up": {
    levels: ["error"],
    fields: {
      failures: "",
      reason: "",
      inWindow: IN_WINDOW,
      nextTryAt: "with `retry_after`",
    },
  },
  "program.stopped": {
    levels: ["info"],
    fields: {
      why: {
        asked: "",
        disabled: "",
        ended: "",
        succeeded: "as `exit` says, with autorestart = on-failure",
        "not-started": "",
        shutdown: "with `pid` and `outcome`",
      },
      exit: "",
      pid: "",
      outcome: "",
    },
  },
  "program.limit-exceeded": {
    levels: ["warn"],
    fields: {
      pid: "",
      monitor: "rss_limit, activityfile",
      measured: "",
      limit: "in bytes or ms, like `measured`",
    },
  },
  "program.restart-due": {
    levels: ["info"],
    about: "by `max_age` or `restart_at`: nothing is wrong",
    fields: { pid: "", reason: "" },
  },
  "program.stopping": {
    levels: ["info", "warn"],
    about: "ended because of a limit, to be started again, or because an end was interrupted",
    fields: { pid: "", reason: "" },
  },
  "program.stuck": {
    levels: ["error"],
    about: "the process outlives SIGKILL",
    fields: { pid: "", state: "", reason: "why it is ended" },
  },
  "program.removed": {
    levels: ["info"],
    fields: { pid: "it keeps running", to: "the name of its section now" },
  },
  "program.renamed": { levels: ["info"], fields: { from: "", pid: "" } },
  "program.pidfile-repaired": {
    levels: ["info"],
    fields: {
      what: { recreated: "", written: "", removed: "" },
      pidfile: "",
      pid: "",
    },
  },
  "program.busy": {
    levels: ["debug", "info"],
    about: "another usrsvc is working on it",
    fields: { worker: "", from: "the former name of its section, where that is worked on" },
  },
  "program.warning": {
    levels: ["warn", "info"],
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
    },
  },
  "program.error": {
    levels: ["error"],
    about: "something failed that is not the program's fault; reported once",
    fields: {
      what: {
        trouble: "disk full or read-only, no process or descriptor left: tried again every 10 s",
        elsewhere: "it runs for another configuration file, `config`",
        expression: "its `match` takes too long",
        "not-ended": "with the machine",
        unanswered: "what a usrsvc had asked for, `action`",
      },
      reason: "",
      exit: "",
      config: "",
      action: "",
    },
  },
  "program.recovered": {
    levels: ["info"],
    about: "what `program.error` reported is over",
    fields: { reason: "", lastedMs: "" },
  },
};
