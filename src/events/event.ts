import type { Exit } from "../../proc/exit.ts";
import type { ConfigIssue } from "../config/issue.ts";
import type { MonitorKey } from "../config/settings.ts";
import type { Via } from "../state/record.ts";

/** What people read first, and what `usrsvcd_stderr` gets. */
export type Level = "debug" | "info" | "warn" | "error";

/** How a program ended last, for a mail about what follows from it. */
export interface LastEnd {
  readonly exit: Exit | undefined;
  readonly pid: number | undefined;
  /** What it wrote last. */
  readonly output: readonly string[];
}

/** What decides when a program is given up. */
export interface RestartCounts {
  readonly maxrestarts: number;
  /** restart_window, where it is set, and the ends and failed starts within that. */
  readonly windowMs: number | undefined;
  readonly inWindow: number | undefined;
}

/** What a start is, for people: the first, one after a death, after a limit was exceeded, or one that was planned. */
export type StartCause = "started" | "restarted" | "limit-exceeded" | "planned";

/** What usrsvcd cannot do as it should, or can again. */
type DaemonDegraded = { readonly kind: "daemon.degraded" } & (
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
      readonly what: "pidfile-unwritable" | "description-unwritable";
      readonly path: string;
      readonly reason: string;
    }
  | {
      readonly what: "pidfile-written" | "description-written" | "description-restored";
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
type DaemonMoved = { readonly kind: "daemon.moved" } & (
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
type DaemonEvent =
  | {
      readonly kind: "daemon.started";
      readonly pid: number;
      readonly version: string;
      readonly config: string;
      /** The state folder. */
      readonly state: string;
      /** A path; undefined: standard output. */
      readonly log: string | undefined;
    }
  | { readonly kind: "daemon.ready"; readonly programs: number }
  | {
      readonly kind: "daemon.stopping";
      /** What ends with it; undefined: nothing does. */
      readonly ends: "machine" | "container" | undefined;
      /** What becomes of the programs, in words. */
      readonly runOn: string | undefined;
    }
  | DaemonDegraded
  | { readonly kind: "daemon.signal"; readonly signal: string }
  | DaemonMoved
  | { readonly kind: "daemon.reaping"; readonly reason: string };

/** Of the mails. */
type AlertEvent =
  | { readonly kind: "alert.sent"; readonly program: string; readonly events: number }
  | {
      readonly kind: "alert.failed";
      readonly program: string;
      readonly reason: string;
      readonly attempts: number;
      readonly retryMs: number;
    }
  /** The disk is full, say: what waits would be lost with usrsvcd. Told once. */
  | { readonly kind: "alert.unsaved"; readonly program: string; readonly reason: string }
  /** What waited in memory only is on disk, or gone out. */
  | { readonly kind: "alert.saved" }
  | {
      readonly kind: "alert.dropped";
      readonly program: string;
      readonly events: number;
      readonly reason: string;
    }
  /** It cannot be understood. */
  | { readonly kind: "alert.dropped"; readonly file: string };

/** Something is wrong in the configuration, or is not applied yet. */
type ConfigProblem = { readonly kind: "config.problem" } & (
  | {
      readonly what: ConfigIssue["severity"];
      readonly program: string | undefined;
      readonly file: string;
      readonly line: number | undefined;
      readonly message: string;
    }
  /** A key of `[Main]`. */
  | { readonly what: "needs-restart"; readonly key: string }
  /** Folders that were missing are there, but what is configured was changed, or cannot be read. */
  | {
      readonly what: "not-read-again";
      readonly folders: readonly string[];
      readonly reason: string;
    }
  | { readonly what: "changed-as-well"; readonly folders: readonly string[] }
);

/** Of the configuration. */
type ConfigEvent =
  | ConfigProblem
  | {
      readonly kind: "config.reread";
      readonly added: readonly string[];
      readonly removed: readonly string[];
      readonly changed: readonly string[];
      /** Programs that run with older settings until they are restarted. */
      readonly atRestart: readonly string[];
      /** Those that were missing, where nobody asked for a reread. */
      readonly folders: readonly string[] | undefined;
    }
  | { readonly kind: "config.rejected"; readonly problems: readonly string[] };

/** How a process came to be the one of its program in the place of another that ended. */
export type Succession = Via | "heir" | "asked" | "by-hand" | "started";

/** Its process has ended. */
type ProgramExited = {
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

/** What an operator should know, although the program is looked after. */
type ProgramWarning = { readonly kind: "program.warning" } &
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

/** Something failed that is not the program's fault. */
type ProgramError = { readonly kind: "program.error" } & (
  | {
      readonly what: "trouble";
      readonly reason: string;
      /** How it ended, where that was not told before. */
      readonly exit: Exit | undefined;
      readonly retryMs: number;
      /** It does not run: people are mailed. */
      readonly isDown: boolean;
      readonly last: LastEnd;
    }
  /** A program of that name of another configuration file runs, as `how` tells. */
  | { readonly what: "elsewhere"; readonly config: string; readonly how: string }
  /** Its match takes too long; it could not be ended with the machine. */
  | { readonly what: "expression" | "not-ended"; readonly reason: string }
  | { readonly what: "unanswered"; readonly action: string; readonly reason: string }
);

/** Of one program. */
export type EventOfProgram = { readonly program: string } & (
  | {
      readonly kind: "program.starting";
      readonly pid: number;
      readonly reason: string | undefined;
      /** Of the usrsvc that asked for it, and what it asked for. */
      readonly by: number | undefined;
      readonly action: string | undefined;
      readonly command: string;
      readonly isRestart: boolean;
    }
  | {
      readonly kind: "program.started";
      readonly pid: number;
      readonly via: Via;
      readonly livedMs: number;
      readonly cause: StartCause;
      /** Why it was started. */
      readonly reason: string | undefined;
      readonly last: LastEnd;
    }
  | {
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
  | {
      readonly kind: "program.adopted";
      readonly pid: number;
      readonly via: Via;
      /** How it is known, where it was launched by usrsvc or usrsvcd. */
      readonly known: "record" | "mark" | "asked" | "by-hand";
    }
  | {
      readonly kind: "program.requested";
      readonly action: string;
      /** Pid of the usrsvc that asks. */
      readonly by: number;
      /** It was called off. */
      readonly result: string | undefined;
      readonly message: string | undefined;
    }
  | ProgramExited
  | ({
      readonly kind: "program.backoff";
      readonly failures: number;
      readonly delayMs: number;
      /** ISO time. */
      readonly nextTryAt: string;
      /** Why a start failed, or why there is a pause although none did. */
      readonly reason: string;
      /** Why it is down, where no start failed. */
      readonly cause: string;
      readonly last: LastEnd;
    } & RestartCounts)
  | ({
      readonly kind: "program.gave-up";
      readonly failures: number;
      readonly reason: string;
      /** ISO time, and how long that is; undefined: it is not tried again. */
      readonly nextTryAt: string | undefined;
      readonly retryMs: number | undefined;
      readonly last: LastEnd;
    } & RestartCounts)
  | {
      readonly kind: "program.stopped";
      readonly why: "asked" | "disabled" | "ended" | "not-started";
    }
  /** With autorestart = on-failure. */
  | { readonly kind: "program.stopped"; readonly why: "succeeded"; readonly exit: Exit }
  /** Ended with the machine. */
  | {
      readonly kind: "program.stopped";
      readonly why: "shutdown";
      readonly pid: number;
      readonly outcome: string;
    }
  | {
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
  | { readonly kind: "program.restart-due"; readonly pid: number; readonly reason: string }
  | {
      readonly kind: "program.stopping";
      readonly pid: number;
      readonly reason: string;
      /** Whoever began it was killed, or called off: it is finished now. */
      readonly isFinishing: boolean;
    }
  | {
      readonly kind: "program.stuck";
      readonly pid: number;
      /** As /proc has it: D, mostly. */
      readonly state: string;
      /** Why it is ended. */
      readonly reason: string | undefined;
      /** It was told before of this process. */
      readonly isKnown: boolean;
    }
  | {
      readonly kind: "program.removed";
      /** It runs on. */
      readonly pid: number | undefined;
      /** What its section is called now. */
      readonly to: string | undefined;
    }
  | {
      readonly kind: "program.renamed";
      readonly from: string;
      readonly pid: number | undefined;
      readonly text: string;
    }
  | {
      readonly kind: "program.pidfile-repaired";
      readonly what: "recreated" | "written";
      readonly pidfile: string;
      readonly pid: number;
    }
  | {
      readonly kind: "program.pidfile-repaired";
      /** It named nobody of the program any more, as `text` says. */
      readonly what: "removed";
      readonly pidfile: string;
      readonly text: string;
    }
  | {
      readonly kind: "program.busy";
      /** Its section was called so, and that is worked on. */
      readonly from: string | undefined;
      readonly worker: string;
    }
  | ProgramWarning
  | ProgramError
  | {
      readonly kind: "program.recovered";
      readonly reason: string;
      readonly lastedMs: number;
    }
);

type Nameless<E> = E extends unknown ? Omit<E, "program"> : never;

/** The same, from whoever tells of one program only. */
export type EventOfOne = Nameless<EventOfProgram>;

/** One thing that happened. Whoever makes it happen emits it, once. */
export type UsrsvcEvent = DaemonEvent | AlertEvent | ConfigEvent | EventOfProgram;

/** The name of what happened: `event` of a line of the log. */
export type Kind = UsrsvcEvent["kind"];

/** The events of some kinds. */
export type EventOf<K extends Kind> = Extract<UsrsvcEvent, { readonly kind: K }>;

/** Takes events: whoever tells of them, or all of those. */
export interface Emitter {
  emit(event: UsrsvcEvent): void;
}

/** Whether people are mailed about it. No kind is forgotten: alerts/alert.ts has words for each that is true. */
export const mails = {
  "daemon.started": false,
  "daemon.ready": false,
  "daemon.stopping": false,
  "daemon.degraded": false,
  "daemon.signal": false,
  "daemon.moved": false,
  "daemon.reaping": false,
  "alert.sent": false,
  "alert.failed": false,
  "alert.unsaved": false,
  "alert.saved": false,
  "alert.dropped": false,
  "config.problem": false,
  "config.reread": false,
  "config.rejected": false,
  "program.starting": false,
  "program.started": true,
  "program.start-failed": false, // what follows is: the next try, or none
  "program.adopted": false,
  "program.requested": false,
  "program.exited": false, // the restart is
  "program.backoff": true,
  "program.gave-up": true,
  "program.stopped": false,
  "program.limit-exceeded": false, // the restart is
  "program.restart-due": false,
  "program.stopping": false,
  "program.stuck": true,
  "program.removed": false,
  "program.renamed": false,
  "program.pidfile-repaired": false,
  "program.busy": false,
  "program.warning": false,
  "program.error": true, // where it is down
  "program.recovered": false,
} as const satisfies Readonly<Record<Kind, boolean>>;

/** The kinds that people are mailed about. */
export type MailedKind = { [K in Kind]: (typeof mails)[K] extends true ? K : never }[Kind];

/** An event that people are mailed about. */
export type MailedEvent = EventOf<MailedKind>;

/** True for an event that people are mailed about. */
export function isMailed(event: UsrsvcEvent): event is MailedEvent {
  return mails[event.kind];
}
