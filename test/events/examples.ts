import type { EventOf, Kind } from "../../src/events/event.ts";
import type { Level } from "../../src/events/row.ts";

/** An event, and what is told of it. */
type Example<K extends Kind> = readonly [event: EventOf<K>, level: Level, sentence: string];

const program = "web";
const pid = 4711;
const code = { kind: "code", code: 3 } as const;
const killed = { kind: "signal", signal: "SIGKILL", coreDumped: false } as const;
const unknown = { kind: "unknown" } as const;
const noWindow = { windowMs: undefined, inWindow: undefined };
const noRetry = { nextTryAt: undefined, retryMs: undefined };
const last = { exit: code, pid, output: ["its last words"] };
const reason = "ENOSPC: no space left on device";
const path = "/home/alice/x";
const folders = ["/srv/a", "/srv/b"];

/** Of each kind all that it may look like: a new kind does not compile without. */
export const examples: { readonly [K in Kind]: readonly [Example<K>, ...Example<K>[]] } = {
  "daemon.started": [
    [
      { kind: "daemon.started", pid, version: "2.0.0", config: path, state: "/s", log: "/s/l" },
      "info",
      "usrsvcd 2.0.0 begins, pid 4711",
    ],
  ],
  "daemon.ready": [
    [{ kind: "daemon.ready", programs: 1 }, "info", "supervises 1 program"],
    [{ kind: "daemon.ready", programs: 0 }, "info", "supervises 0 programs"],
  ],
  "daemon.stopping": [
    [
      { kind: "daemon.stopping", ends: undefined, runOn: "web runs on" },
      "info",
      "leaves; web runs on",
    ],
    [
      { kind: "daemon.stopping", ends: "machine", runOn: undefined },
      "info",
      "the machine shuts down: all programs are ended",
    ],
    [
      { kind: "daemon.stopping", ends: "container", runOn: undefined },
      "info",
      "the container ends: all programs are ended",
    ],
  ],
  "daemon.degraded": [
    [
      { kind: "daemon.degraded", what: "log-grows", path, reason: "so" },
      "warn",
      "/home/alice/x grows without end: so; rotate it with logrotate, followed by usrsvcd reread, or name another file",
    ],
    [
      { kind: "daemon.degraded", what: "log-elsewhere", path, reason: "/y is not ours" },
      "error",
      "/y is not ours; the log is /home/alice/x now",
    ],
    [
      { kind: "daemon.degraded", what: "log-written", reason, since: "2026-01-02", lost: 0 },
      "warn",
      "the log could not be written since 2026-01-02: ENOSPC: no space left on device; not one of its lines is lost",
    ],
    [
      { kind: "daemon.degraded", what: "log-written", reason, since: "2026-01-02", lost: 5 },
      "warn",
      "the log could not be written since 2026-01-02: ENOSPC: no space left on device; 5 lines are lost",
    ],
    [
      { kind: "daemon.degraded", what: "pidfile-unwritable", path, reason },
      "error",
      "the pidfile of usrsvcd /home/alice/x cannot be written: ENOSPC: no space left on device; tried again",
    ],
    [
      { kind: "daemon.degraded", what: "pidfile-written", path },
      "warn",
      "the pidfile of usrsvcd /home/alice/x is written at last",
    ],
    [
      { kind: "daemon.degraded", what: "metrics-unwritable", path, reason },
      "error",
      "metrics_file /home/alice/x cannot be written: ENOSPC: no space left on device; tried again",
    ],
    [
      { kind: "daemon.degraded", what: "metrics-written", path },
      "warn",
      "metrics_file /home/alice/x is written at last",
    ],
    [
      { kind: "daemon.degraded", what: "description-unwritable", path, reason },
      "error",
      "usrsvcd status and reread know little about this usrsvcd: ENOSPC: no space left on device; tried again",
    ],
    [
      { kind: "daemon.degraded", what: "description-written", path },
      "warn",
      "/home/alice/x is written at last",
    ],
    [
      { kind: "daemon.degraded", what: "description-restored", path },
      "warn",
      "/home/alice/x was deleted or changed; recreated",
    ],
    [
      { kind: "daemon.degraded", what: "state-lost", reason },
      "error",
      "the state folder is lost: ENOSPC: no space left on device",
    ],
    [
      { kind: "daemon.degraded", what: "state-not-ours", reason: "its mode is 777" },
      "error",
      "the state folder is not ours alone: its mode is 777; until then usrsvcd writes nothing there, starts nothing, and watches what is running",
    ],
    [
      { kind: "daemon.degraded", what: "state-ours", path },
      "warn",
      "the state folder /home/alice/x is ours again",
    ],
    [
      { kind: "daemon.degraded", what: "state-moved", path },
      "error",
      "the state folder was moved to /home/alice/x, and the configuration file is gone: leaves; run usrsvcd -c FILE with the file that is there now",
    ],
    [
      { kind: "daemon.degraded", what: "lock-restored", path },
      "warn",
      "/home/alice/x was deleted; recreated",
    ],
    [
      { kind: "daemon.degraded", what: "lock-taken", path },
      "error",
      "/home/alice/x was deleted; another usrsvcd has it by now: leaves",
    ],
    [
      { kind: "daemon.degraded", what: "no-pidfd", reason: "old kernel" },
      "warn",
      "the end of a process that is not a child of usrsvcd is noticed only once a second, without exit status: old kernel",
    ],
    [
      { kind: "daemon.degraded", what: "no-reaping", reason: "not adopted: errno 1" },
      "warn",
      "not adopted: errno 1",
    ],
    [
      { kind: "daemon.degraded", what: "no-systemd", reason: "no such address" },
      "warn",
      "systemd is not notified of the state of usrsvcd: no such address",
    ],
    [
      { kind: "daemon.degraded", what: "no-inotify", reason: "ENOSPC" },
      "warn",
      "what usrsvc does is noticed only once a second: the state folder cannot be watched (ENOSPC); is fs.inotify.max_user_watches or max_user_instances used up?",
    ],
    [
      { kind: "daemon.degraded", what: "inotify" },
      "info",
      "the state folder is watched again: what usrsvc does is noticed at once",
    ],
  ],
  "daemon.signal": [[{ kind: "daemon.signal", signal: "SIGHUP" }, "info", "SIGHUP is ignored"]],
  "daemon.moved": [
    [
      { kind: "daemon.moved", what: "log", stdout: "/l", stderr: "stdout" },
      "info",
      "the log continues in /l",
    ],
    [
      { kind: "daemon.moved", what: "log", stdout: "/l", stderr: "/e" },
      "info",
      "the log continues in /l and /e",
    ],
    [
      { kind: "daemon.moved", what: "pidfile", pidfile: "/p" },
      "info",
      "the pidfile of usrsvcd is /p now",
    ],
    [
      { kind: "daemon.moved", what: "pidfile-left", pidfile: "/p", reason: "EROFS" },
      "warn",
      "/p, the one before, cannot be removed: EROFS",
    ],
  ],
  "daemon.reaping": [
    [
      { kind: "daemon.reaping", reason: "usrsvcd is PID 1" },
      "info",
      "what loses its parent becomes a child of usrsvcd, and is reaped: usrsvcd is PID 1",
    ],
  ],
  "alert.sent": [[{ kind: "alert.sent", program, events: 3 }, "info", "web: mail sent"]],
  "alert.failed": [
    [
      { kind: "alert.failed", program, reason: "refused", attempts: 2, retryMs: 120_000 },
      "warn",
      "web: mail could not be sent: refused; again in 2 min",
    ],
  ],
  "alert.unsaved": [
    [
      { kind: "alert.unsaved", program, reason },
      "warn",
      "mails wait only in memory, and would be lost with usrsvcd: ENOSPC: no space left on device; tried again",
    ],
  ],
  "alert.saved": [[{ kind: "alert.saved" }, "info", "no mail waits only in memory any more"]],
  "alert.dropped": [
    [
      { kind: "alert.dropped", program, events: 3, reason: "not sent for 3 d: refused" },
      "error",
      "web: a mail on 3 events is dropped: not sent for 3 d: refused",
    ],
    [
      { kind: "alert.dropped", file: "/s/mail/web.json" },
      "warn",
      "/s/mail/web.json: is not a mail that can be understood; set aside as .damaged",
    ],
  ],
  "config.problem": [
    [
      {
        kind: "config.problem",
        what: "error",
        program,
        file: path,
        line: 3,
        message: "no command",
      },
      "error",
      "/home/alice/x:3: no command; web is set aside",
    ],
    [
      {
        kind: "config.problem",
        what: "error",
        program: undefined,
        file: path,
        line: undefined,
        message: "cannot be read",
      },
      "error",
      "/home/alice/x: cannot be read",
    ],
    [
      {
        kind: "config.problem",
        what: "warning",
        program,
        file: path,
        line: 4,
        message: "unknown key",
      },
      "warn",
      "/home/alice/x:4: warning: unknown key",
    ],
    [
      { kind: "config.problem", what: "needs-restart", key: "state_dir" },
      "warn",
      "state_dir of [Main] needs: usrsvcd restart",
    ],
    [
      { kind: "config.problem", what: "not-read-again", folders, reason: "EACCES" },
      "warn",
      "/srv/a, /srv/b are there now, but the configuration cannot be read again: EACCES",
    ],
    [
      { kind: "config.problem", what: "changed-as-well", folders: ["/srv/a"] },
      "warn",
      "/srv/a is there now, but the configuration has also changed: run usrsvcd reread to apply it",
    ],
  ],
  "config.reread": [
    [
      {
        kind: "config.reread",
        added: ["a"],
        removed: [],
        changed: ["b", "c"],
        atRestart: ["c"],
        folders: undefined,
      },
      "info",
      "configuration read again: 1 added, 0 removed, 2 changed; nothing was restarted; until they are, these keep running with older settings: c",
    ],
    [
      {
        kind: "config.reread",
        added: [],
        removed: [],
        changed: [],
        atRestart: [],
        folders: undefined,
      },
      "info",
      "configuration read again: 0 added, 0 removed, 0 changed; nothing was restarted",
    ],
    [
      {
        kind: "config.reread",
        added: ["a", "b"],
        removed: [],
        changed: [],
        atRestart: [],
        folders: ["/srv/a"],
      },
      "info",
      "/srv/a is there now: no longer set aside: a, b",
    ],
  ],
  "config.rejected": [
    [
      { kind: "config.rejected", problems: ["x:1: no", "x:2: no"] },
      "error",
      "configuration rejected, the old one is kept: x:1: no",
    ],
  ],
  "program.starting": [
    [
      {
        kind: "program.starting",
        program,
        pid,
        reason: undefined,
        by: undefined,
        action: undefined,
        command: "sleep 600",
        isRestart: false,
      },
      "info",
      "web: starting: sleep 600",
    ],
    [
      {
        kind: "program.starting",
        program,
        pid,
        reason: "exited with code 3",
        by: undefined,
        action: undefined,
        command: "sleep 600",
        isRestart: true,
      },
      "info",
      "web: starting again: sleep 600",
    ],
    [
      {
        kind: "program.starting",
        program,
        pid,
        reason: undefined,
        by: 12,
        action: "restart",
        command: "sleep 600",
        isRestart: false,
      },
      "info",
      "web: starting: sleep 600, asked for by usrsvc restart, pid 12",
    ],
  ],
  "program.started": [
    [
      {
        kind: "program.started",
        program,
        pid,
        via: "launch",
        livedMs: 1000,
        cause: "restarted",
        reason: "exited with code 3",
        last,
      },
      "info",
      "web: is running, pid 4711, for 1 s",
    ],
  ],
  "program.start-failed": [
    [
      {
        kind: "program.start-failed",
        program,
        pid,
        reason: "exited with code 3 within success_seconds (2)",
        code: 6,
        exit: code,
        details: ["nothing matched"],
        output: ["its last words"],
        action: undefined,
      },
      "error",
      "web: could not be started: exited with code 3 within success_seconds (2)",
    ],
    [
      {
        kind: "program.start-failed",
        program,
        pid: undefined,
        reason: "restart failed: no such folder",
        code: 1,
        exit: undefined,
        details: [],
        output: [],
        action: "restart",
      },
      "error",
      "web: restart failed: no such folder",
    ],
  ],
  "program.adopted": [
    [
      { kind: "program.adopted", program, pid, via: "pidfile", known: "record" },
      "info",
      "web: already running, pid 4711, found by its pidfile",
    ],
    [
      { kind: "program.adopted", program, pid, via: "scan", known: "record" },
      "info",
      "web: already running, pid 4711, found among all processes",
    ],
    [
      { kind: "program.adopted", program, pid, via: "launch", known: "mark" },
      "info",
      "web: already running, pid 4711, known by its mark",
    ],
    [
      { kind: "program.adopted", program, pid, via: "launch", known: "record" },
      "info",
      "web: is running, pid 4711, known from its record",
    ],
    [
      { kind: "program.adopted", program, pid, via: "launch", known: "asked" },
      "info",
      "web: is running, pid 4711, started by usrsvcd, at the request of usrsvc",
    ],
    [
      { kind: "program.adopted", program, pid, via: "launch", known: "by-hand" },
      "info",
      "web: is running, pid 4711, started by hand",
    ],
  ],
  "program.requested": [
    [
      {
        kind: "program.requested",
        program,
        action: "start",
        by: 12,
        result: undefined,
        message: undefined,
      },
      "info",
      "web: start asked for by usrsvc, pid 12",
    ],
    [
      {
        kind: "program.requested",
        program,
        action: "start",
        by: 12,
        result: "overtaken",
        message: "was stopped meanwhile",
      },
      "info",
      "web: was stopped meanwhile",
    ],
  ],
  "program.exited": [
    [ended({ by: undefined, output: ["its last words"] }), "warn", "web: exited with code 3"],
    [ended({ exit: { kind: "code", code: 0 } }), "info", "web: exited with code 0"],
    [ended({ exit: killed, by: "not usrsvc" }), "warn", "web: killed by SIGKILL, not by usrsvc"],
    [ended({ exit: killed, by: "usrsvc stop" }), "info", "web: killed by SIGKILL, by usrsvc stop"],
    [
      ended({ exit: unknown, reason: "ended while usrsvcd was not running" }),
      "warn",
      "web: ended while usrsvcd was not running",
    ],
    [
      succeeded("heir"),
      "info",
      "web: exited with code 3; pid 4712, which stems from it, continues in its place",
    ],
    [
      succeeded("pidfile"),
      "info",
      "web: exited with code 3; its pidfile names pid 4712, which continues in its place",
    ],
    [
      succeeded("scan"),
      "info",
      "web: exited with code 3; pid 4712, which was not started by usrsvcd, matches and is the program now",
    ],
    [succeeded("launch"), "info", "web: exited with code 3; pid 4712 continues in its place"],
    [
      succeeded("by-hand"),
      "info",
      "web: exited with code 3; it has since been started by hand, and is pid 4712 now",
    ],
    [
      succeeded("asked"),
      "info",
      "web: exited with code 3; it has since been started by usrsvcd, at the request of usrsvc, and is pid 4712 now",
    ],
    [
      succeeded("started"),
      "info",
      "web: exited with code 3; it has since been started, and is pid 4712 now",
    ],
    [
      succeeded("by-hand", "usrsvc restart"),
      "info",
      "web: exited with code 3, by usrsvc restart; it is pid 4712 now",
    ],
  ],
  "program.backoff": [
    [
      backoff({ failures: 2, maxrestarts: 3 }),
      "warn",
      "web: failure 2 of 3 (maxrestarts); next try in 5 s",
    ],
    [
      backoff({ failures: 1, maxrestarts: 5, windowMs: 600_000, inWindow: 4 }),
      "warn",
      "web: failure 4 of 5 (maxrestarts) within 10 min (restart_window); next try in 5 s",
    ],
    [backoff({ failures: 2, maxrestarts: 0 }), "warn", "web: failure 2; next try in 5 s"],
    [
      backoff({ failures: 0, reason: "it ended 3 times in a row" }),
      "warn",
      "web: it ended 3 times in a row; next try in 5 s",
    ],
  ],
  "program.gave-up": [
    [
      {
        kind: "program.gave-up",
        program,
        failures: 2,
        reason: "no such file",
        maxrestarts: 2,
        ...noWindow,
        ...noRetry,
        schedule: "@hourly",
        last,
      },
      "error",
      "web: given up after 2 failed starts (maxrestarts = 2): no such file; started when it is due again (@hourly); or fix it, then run usrsvc start web",
    ],
    [
      {
        kind: "program.gave-up",
        program,
        failures: 1,
        reason: "no such file",
        maxrestarts: 1,
        ...noWindow,
        ...noRetry,
        last,
      },
      "error",
      "web: given up after 1 failed start (maxrestarts = 1): no such file; fix it, then run usrsvc start web",
    ],
    [
      {
        kind: "program.gave-up",
        program,
        failures: 3,
        reason: "no such file",
        maxrestarts: 3,
        ...noWindow,
        ...noRetry,
        last,
      },
      "error",
      "web: given up after 3 failed starts (maxrestarts = 3): no such file; fix it, then run usrsvc start web",
    ],
    [
      {
        kind: "program.gave-up",
        program,
        failures: 0,
        reason: "exited with code 3",
        maxrestarts: 5,
        windowMs: 600_000,
        inWindow: 5,
        nextTryAt: "2026-01-02T03:04:05.678Z",
        retryMs: 900_000,
        last,
      },
      "error",
      "web: given up after 5 failures (maxrestarts = 5) within 10 min (restart_window): exited with code 3; next try in 15 min (retry_after); or fix it, then run usrsvc start web",
    ],
  ],
  "program.stopped": [
    [
      { kind: "program.stopped", program, why: "asked" },
      "info",
      "web: stays down: stopped by usrsvc",
    ],
    [{ kind: "program.stopped", program, why: "disabled" }, "info", "web: is disabled"],
    [
      { kind: "program.stopped", program, why: "ended" },
      "info",
      "web: stays down: autorestart = False",
    ],
    [
      {
        kind: "program.stopped",
        program,
        why: "succeeded",
        exit: { kind: "code", code: 0 },
      },
      "info",
      "web: stays down: exited with code 0, a success (autorestart = on-failure)",
    ],
    [
      { kind: "program.stopped", program, why: "not-started" },
      "info",
      "web: is not started: autostart = False",
    ],
    [
      {
        kind: "program.stopped",
        program,
        why: "held",
        heldBy: "ann (pts/3)",
        isMeant: false,
        last,
      },
      "warn",
      "web: stays down while it is held by ann (pts/3); usrsvc release web ends that",
    ],
    [
      { kind: "program.stopped", program, why: "held", heldBy: "ann", isMeant: true, last },
      "info",
      "web: stays down while it is held by ann; usrsvc release web ends that",
    ],
    [
      { kind: "program.stopped", program, why: "shutdown", pid, outcome: "terminated" },
      "info",
      "web: ended",
    ],
  ],
  "program.limit-exceeded": [
    [
      {
        kind: "program.limit-exceeded",
        program,
        pid,
        monitor: "rss_limit",
        measured: 3000,
        limit: 2000,
        reason: "private memory 3 kB exceeds rss_limit 2 kB",
      },
      "warn",
      "web: private memory 3 kB exceeds rss_limit 2 kB",
    ],
  ],
  "program.waiting": [
    [
      { kind: "program.waiting", program, waitsFor: "db", reason: "it is starting" },
      "info",
      "web: is started when db is ready",
    ],
  ],
  "program.restart-due": [
    [
      {
        kind: "program.restart-due",
        program,
        pid,
        reason: "planned restart: max_age = 24 h",
      },
      "info",
      "web: planned restart: max_age = 24 h",
    ],
  ],
  "program.stopping": [
    [
      { kind: "program.stopping", program, pid, reason: "too much memory", isFinishing: false },
      "info",
      "web: is being ended, to be restarted",
    ],
    [
      {
        kind: "program.stopping",
        program,
        pid,
        reason: "usrsvc stop was interrupted",
        isFinishing: true,
      },
      "warn",
      "web: usrsvc stop was interrupted: this is completed, pid 4711 is ended",
    ],
  ],
  "program.stuck": [
    [
      {
        kind: "program.stuck",
        program,
        pid,
        state: "D",
        reason: "too much memory",
        isKnown: false,
      },
      "error",
      "web: pid 4711 outlives SIGKILL (state D, usually waiting for a disk or a network file system); tried again in a while",
    ],
  ],
  "program.job-finished": [
    [
      {
        kind: "program.job-finished",
        program,
        pid,
        exit: { kind: "code", code: 0 },
        by: undefined,
        isSuccess: true,
        tookMs: 3200,
        reason: undefined,
        next: "",
        output: [],
      },
      "info",
      "web: done: exited with code 0, after 3.2 s",
    ],
    [
      {
        kind: "program.job-finished",
        program,
        pid,
        exit: code,
        by: undefined,
        isSuccess: false,
        tookMs: 90_000,
        reason: undefined,
        next: "",
        output: ["its last words"],
      },
      "error",
      "web: failed: exited with code 3, after 1 min 30 s",
    ],
    [
      {
        kind: "program.job-finished",
        program,
        pid,
        exit: killed,
        by: "usrsvcd: ran for longer than timeout (5 s)",
        isSuccess: false,
        tookMs: 5000,
        reason: "ran for longer than timeout (5 s)",
        next: "",
        output: [],
      },
      "error",
      "web: failed: ran for longer than timeout (5 s); ended after 5 s",
    ],
    [
      {
        kind: "program.job-finished",
        program,
        pid,
        exit: unknown,
        by: undefined,
        isSuccess: false,
        tookMs: undefined,
        reason: "ended while usrsvcd was not running",
        next: "",
        output: [],
      },
      "error",
      "web: failed: ended while usrsvcd was not running",
    ],
  ],
  "program.job-overlap": [
    [
      { kind: "program.job-overlap", program, overlap: "skip" },
      "warn",
      "web: is due, and still runs: this time is left out (overlap = skip)",
    ],
    [
      { kind: "program.job-overlap", program, overlap: "queue" },
      "info",
      "web: is due, and still runs: it runs once more after that (overlap = queue)",
    ],
  ],
  "program.removed": [
    [
      { kind: "program.removed", program, pid, to: undefined },
      "info",
      "web: no longer configured, keeps running, pid 4711",
    ],
    [
      { kind: "program.removed", program, pid: undefined, to: undefined },
      "info",
      "web: no longer configured, it is not running",
    ],
    [
      { kind: "program.removed", program, pid, to: "site" },
      "info",
      "web: no longer configured, its section is site now, pid 4711",
    ],
    [
      { kind: "program.removed", program, pid: undefined, to: "site" },
      "info",
      "web: no longer configured, its section is site now",
    ],
  ],
  "program.renamed": [
    [
      { kind: "program.renamed", program, from: "old", pid, text: "web goes on with pid 4711" },
      "info",
      "web goes on with pid 4711",
    ],
  ],
  "program.pidfile-repaired": [
    [
      { kind: "program.pidfile-repaired", program, what: "recreated", pidfile: "/p", pid },
      "info",
      "web: pidfile /p recreated",
    ],
    [
      { kind: "program.pidfile-repaired", program, what: "written", pidfile: "/p", pid },
      "info",
      "web: pidfile /p written at last",
    ],
    [
      {
        kind: "program.pidfile-repaired",
        program,
        what: "removed",
        pidfile: "/p",
        text: "stale pidfile /p removed: it was empty",
      },
      "info",
      "web: stale pidfile /p removed: it was empty",
    ],
  ],
  "program.busy": [
    [
      { kind: "program.busy", program, from: undefined, worker: "usrsvc start, pid 12" },
      "debug",
      "web: left alone: usrsvc start, pid 12 is working on it",
    ],
    [
      { kind: "program.busy", program, from: "old", worker: "usrsvc" },
      "info",
      "web was old before its section was renamed, and usrsvc is at work on it: it is supervised when that is done",
    ],
  ],
  "program.warning": [
    [
      { kind: "program.warning", program, what: "left-behind", leftBehind: 2 },
      "info",
      "web: 2 left-over processes of its session ended",
    ],
    [
      { kind: "program.warning", program, what: "broken-off", leftBehind: 1 },
      "warn",
      "web: 1 left-over process of an interrupted start ended: nothing matched within success_seconds",
    ],
    [
      { kind: "program.warning", program, what: "others", pid, otherPids: [5, 6] },
      "warn",
      "web: other processes also match, and are left alone: 5, 6",
    ],
    [
      { kind: "program.warning", program, what: "pidfile-unwritable", pid, pidfile: "/p", reason },
      "warn",
      "web: pidfile /p could not be written: ENOSPC: no space left on device",
    ],
    [
      { kind: "program.warning", program, what: "pidfile-unremovable", pidfile: "/p", reason },
      "warn",
      "web: pidfile /p could not be removed: ENOSPC: no space left on device",
    ],
    [
      {
        kind: "program.warning",
        program,
        what: "pidfile-kept",
        pidfile: "/p",
        text: "pidfile /p names process 5, which does not match: left as it is",
      },
      "warn",
      "web: pidfile /p names process 5, which does not match: left as it is",
    ],
    [
      { kind: "program.warning", program, what: "record-lost", reason: "was deleted" },
      "warn",
      "web: its record was deleted: recreated",
    ],
    [
      { kind: "program.warning", program, what: "record-damaged", reason: "no JSON" },
      "warn",
      "web: its record was damaged: set aside as .damaged, the program is searched for without it (no JSON)",
    ],
    [
      { kind: "program.warning", program, what: "disputed", pid, owner: "api", isOurs: true },
      "warn",
      "web: pid 4711 is also on record for api, and is this program's",
    ],
    [
      { kind: "program.warning", program, what: "disputed", pid, owner: "api", isOurs: false },
      "warn",
      "web: pid 4711 is also on record for api, and is api's",
    ],
    [
      { kind: "program.warning", program, what: "unwatched", reason: "no watches left" },
      "warn",
      "web: activity file is only checked when its time is up: no watches left",
    ],
    [
      { kind: "program.warning", program, what: "note", pid, text: "its umask is odd" },
      "warn",
      "web: its umask is odd",
    ],
  ],
  "program.hook-failed": [
    [
      {
        kind: "program.hook-failed",
        program,
        hook: "after_start",
        pid,
        reason: "exited with code 1",
        output: ["curl: (7) connection refused"],
      },
      "warn",
      "web: after_start failed: exited with code 1",
    ],
  ],
  "program.error": [
    [
      {
        kind: "program.error",
        program,
        what: "trouble",
        reason,
        exit: code,
        retryMs: 10_000,
        isDown: true,
        last,
      },
      "error",
      "web: exited with code 3, and stays down: ENOSPC: no space left on device; tried again every 10 s, and reported when it works",
    ],
    [
      {
        kind: "program.error",
        program,
        what: "trouble",
        reason,
        exit: undefined,
        retryMs: 10_000,
        isDown: false,
        last,
      },
      "error",
      "web: ENOSPC: no space left on device; tried again every 10 s, and reported when it works",
    ],
    [
      { kind: "program.error", program, what: "elsewhere", config: "/other", how: "runs, pid 5" },
      "error",
      "web: is also a program of /other, which shares the state_dir, and runs, pid 5: left alone; give one of them another name, or another state_dir",
    ],
    [
      { kind: "program.error", program, what: "expression", reason: "match takes too long" },
      "error",
      "web: match takes too long",
    ],
    [
      { kind: "program.error", program, what: "not-ended", reason: "Error: no" },
      "error",
      "web: could not be ended: Error: no",
    ],
    [
      { kind: "program.error", program, what: "unanswered", action: "start", reason },
      "error",
      "web: start could not be answered: ENOSPC: no space left on device",
    ],
  ],
  "program.recovered": [
    [
      { kind: "program.recovered", program, reason, lastedMs: 65_000 },
      "info",
      "web: is supervised again, after 1 min 5 s: the trouble was ENOSPC: no space left on device",
    ],
  ],
  "program.held": [
    [
      {
        kind: "program.held",
        program,
        what: "set",
        by: "ann (as web, pts/3)",
        since: "2026-01-02T03:04:05.678Z",
        until: "2030-01-31T18:00",
        reason: "upgrading the schema",
      },
      "info",
      "web: is held by ann (as web, pts/3) until 2030-01-31 18:00: upgrading the schema",
    ],
    [
      {
        kind: "program.held",
        program,
        what: "found",
        by: "ann",
        since: "2026-01-02T03:04:05.678Z",
        until: undefined,
        reason: undefined,
      },
      "info",
      "web: is still held by ann",
    ],
  ],
  "program.released": [
    [
      { kind: "program.released", program, why: "asked", by: "bob", heldBy: "ann", lastedMs: 5000 },
      "info",
      "web: released by bob, after it was held by ann for 5 s",
    ],
    [
      {
        kind: "program.released",
        program,
        why: "asked",
        by: undefined,
        heldBy: "ann",
        lastedMs: 5000,
      },
      "info",
      "web: released, after it was held by ann for 5 s",
    ],
    [
      {
        kind: "program.released",
        program,
        why: "expired",
        by: undefined,
        heldBy: "ann",
        lastedMs: 5000,
      },
      "info",
      "web: released: its time is up, after it was held by ann for 5 s",
    ],
  ],
};

type Exited = EventOf<"program.exited">;

function ended(
  change: Partial<Pick<Exited, "exit" | "by" | "output">> & { readonly reason?: string },
): Exited {
  return {
    kind: "program.exited",
    program,
    pid,
    exit: code,
    by: undefined,
    output: [],
    successor: undefined,
    how: undefined,
    reason: undefined,
    ...change,
  };
}

function succeeded(how: NonNullable<Exited["how"]>, by?: string): Exited {
  const common = { kind: "program.exited", program, pid, exit: code, by, output: [] } as const;
  return { ...common, successor: 4712, how, reason: undefined };
}

function backoff(change: Partial<EventOf<"program.backoff">>): EventOf<"program.backoff"> {
  return {
    kind: "program.backoff",
    program,
    failures: 1,
    delayMs: 5000,
    nextTryAt: "2026-01-02T03:04:05.678Z",
    reason: "could not be executed",
    maxrestarts: 3,
    ...noWindow,
    cause: "exited with code 3",
    last,
    ...change,
  };
}
