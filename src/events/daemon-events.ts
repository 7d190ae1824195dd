import { assertNever } from "../lib/assert-never.ts";
import { type Level, type Rows, unlogged } from "./row.ts";

interface Started {
  readonly kind: "daemon.started";
  readonly pid: number;
  readonly version: string;
  readonly config: string;
  /** The state folder. */
  readonly state: string;
  /** A path; undefined: standard output. */
  readonly log: string | undefined;
}

interface Stopping {
  readonly kind: "daemon.stopping";
  /** What ends with it; undefined: nothing does. */
  readonly ends: "machine" | "container" | undefined;
  /** What becomes of the programs, in words. */
  readonly runOn: string | undefined;
}

/** What usrsvcd cannot do as it should, or can again. */
type Degraded = { readonly kind: "daemon.degraded" } & (
  | {
      /** `log-grows`: it is not rolled. `log-elsewhere`: its path is not ours to write. */
      readonly what: "log-grows" | "log-elsewhere";
      readonly path: string;
      readonly reason: string;
    }
  | {
      /** It can be written again: until then nobody could be told. */
      readonly what: "log-written";
      readonly reason: string;
      /** ISO time. */
      readonly since: string;
      /** Number of lines. */
      readonly lost: number;
    }
  | {
      readonly what: "pidfile-unwritable" | "description-unwritable" | "metrics-unwritable";
      readonly path: string;
      readonly reason: string;
    }
  | {
      readonly what:
        "pidfile-written" | "description-written" | "description-restored" | "metrics-written";
      readonly path: string;
    }
  /** The state folder is gone, or others can change what is in it. */
  | { readonly what: "state-lost" | "state-not-ours"; readonly reason: string }
  | {
      /** `state-moved`: to `path`. `lock-…`: the file `path` was deleted. */
      readonly what: "state-ours" | "state-moved" | "lock-restored" | "lock-taken";
      readonly path: string;
    }
  /** Deaths are noticed late; orphans are not adopted; systemd is not told; acts of usrsvc are noticed late. */
  | {
      readonly what: "no-pidfd" | "no-reaping" | "no-systemd" | "no-inotify";
      readonly reason: string;
    }
  | { readonly what: "inotify" }
);

/** Where usrsvcd writes since a reread. */
type Moved = { readonly kind: "daemon.moved" } & (
  | {
      readonly what: "log";
      /** A path, or "standard output". */
      readonly stdout: string;
      /** A path, or "stdout". */
      readonly stderr: string;
    }
  | { readonly what: "pidfile"; readonly pidfile: string }
  /** The one before. */
  | { readonly what: "pidfile-left"; readonly pidfile: string; readonly reason: string }
);

/** Of usrsvcd itself. */
export type DaemonEvent =
  | Started
  | { readonly kind: "daemon.ready"; readonly programs: number }
  | Stopping
  | Degraded
  | { readonly kind: "daemon.signal"; readonly signal: string }
  | Moved
  | { readonly kind: "daemon.reaping"; readonly reason: string };

export const daemonEvents = {
  "daemon.started": {
    level: "info",
    sentence: ({ version, pid }) => `usrsvcd ${version} begins, pid ${pid}`,
    fields: { pid: "", version: "", config: "", state: "", log: "" },
  },
  "daemon.ready": {
    level: "info",
    sentence: ({ programs }) => `supervises ${programs} ${programs === 1 ? "program" : "programs"}`,
    fields: { programs: "" },
  },
  "daemon.stopping": {
    level: "info",
    sentence: describeLeaving,
    fields: { ends: unlogged, runOn: unlogged },
  },
  "daemon.degraded": {
    level: { among: ["warn", "error", "info"], of: ({ what }) => degradedLevels[what] },
    sentence: describeDegraded,
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
        "metrics-unwritable": "",
        "metrics-written": "",
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
  "daemon.signal": {
    level: "info",
    sentence: ({ signal }) => `${signal} is ignored`,
    fields: { signal: "one that is ignored" },
  },
  "daemon.moved": {
    level: {
      among: ["info", "warn"],
      of: ({ what }) => (what === "pidfile-left" ? "warn" : "info"),
    },
    sentence: describeMoved,
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
    level: "info",
    sentence: ({ reason }) =>
      `what loses its parent becomes a child of usrsvcd, and is reaped: ${reason}`,
    about: "processes that lose their parent become children of usrsvcd",
    fields: { reason: "" },
  },
} satisfies Rows<DaemonEvent>;

function describeLeaving({ ends, runOn }: Stopping): string {
  if (ends === undefined) return runOn === undefined ? "leaves" : `leaves; ${runOn}`;
  const what = ends === "machine" ? "the machine shuts down" : "the container ends";
  return `${what}: all programs are ended`;
}

const degradedLevels: Readonly<Record<Degraded["what"], Level>> = {
  "log-grows": "warn",
  "log-elsewhere": "error",
  "log-written": "warn",
  "pidfile-unwritable": "error",
  "pidfile-written": "warn",
  "description-unwritable": "error",
  "description-written": "warn",
  "description-restored": "warn",
  "metrics-unwritable": "error",
  "metrics-written": "warn",
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

function describeDegraded(event: Degraded): string {
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
    case "metrics-unwritable":
      return `metrics_file ${event.path} cannot be written: ${event.reason}; tried again`;
    case "metrics-written":
      return `metrics_file ${event.path} is written at last`;
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

function describeMoved(event: Moved): string {
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
