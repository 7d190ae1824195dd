import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import type { Pid, ProcessRef, Ticks } from "../../proc/pid.ts";
import { type State, states } from "../../src/state/states.ts";
import { EARLY_AT_ONCE, STABLE_MS, TROUBLE_PAUSE_MS } from "../../src/supervisor/backoff.ts";
import { isQuiet, transition } from "../../src/supervisor/machine.ts";
import {
  type Context,
  type Effect,
  type ExceededLimit,
  type History,
  noHistory,
  type Observed,
  type ProgramEvent,
  type ProgramState,
  type StartCause,
  type Step,
  type WhyStopped,
} from "../../src/supervisor/program-state.ts";

type Settings = Context["settings"];

const ref = (pid: number): ProcessRef => ({ pid: pid as Pid, startTime: 7 as Ticks });
const one = ref(10);
const other = ref(11);
const NOW = 1_000_000;

const defaults: Settings = {
  type: "service",
  overlap: "skip",
  enabled: true,
  autostart: true,
  autorestart: true,
  maxrestarts: 0,
  restartDelayMs: 0,
  restartMaxDelayMs: undefined,
  restartWindowMs: 0,
  retryAfterMs: 0,
};

const gone = (more: Partial<Observed> = {}): Observed => ({
  kind: "observed",
  process: undefined,
  desired: "none",
  ranBefore: false,
  diedUnseen: false,
  startedByHand: false,
  exit: undefined,
  ...more,
});
const younger: ProcessRef = { ...one, startTime: (one.startTime + 1) as Ticks };
const older: ProcessRef = { ...one, startTime: (one.startTime - 1) as Ticks };
const seen = (process: ProcessRef): Observed => gone({ process, ranBefore: true });
const failed: ProgramEvent = { kind: "start-failed", reason: "it broke" };

const limit: ExceededLimit = {
  monitor: "rss_limit",
  measured: 2048,
  limit: 1024,
  reason: "too big",
};
const tooBig: ProgramEvent = { kind: "limit-exceeded", process: one, limit };

const unknown: ProgramState = { kind: "unknown" };
const starting: ProgramState = { kind: "starting", cause: { kind: "autostart" } };
const running: ProgramState = { kind: "running", process: one, since: NOW - 1000 };
const stopping: ProgramState = {
  kind: "stopping",
  process: one,
  cause: { kind: "limit", ...limit },
  since: NOW,
};
const db = { what: "db", reason: "it is starting" };
const waiting: ProgramState = { kind: "waiting", cause: { kind: "autostart" }, wait: db };
const backoff: ProgramState = {
  kind: "backoff",
  until: NOW + 500,
  reason: "it broke",
  cause: { kind: "retry" },
};
const fatal: ProgramState = { kind: "fatal", reason: "it broke" };
const stopped = (why: WhyStopped): ProgramState => ({
  kind: "stopped",
  why,
});

function move(
  state: ProgramState,
  event: ProgramEvent,
  settings: Partial<Settings> = {},
  history: Partial<History> = {},
  chance = 0.5,
): Step {
  return transition(state, { ...noHistory, ...history }, event, {
    settings: { ...defaults, ...settings },
    now: NOW,
    chance,
    isHeld: false,
  });
}

/** A state and effects in a few words: `starting: start`. */
function words({ state, effects }: Step): string {
  const name = state.kind === "stopped" ? `stopped(${state.why})` : state.kind;
  return `${name}: ${effects.map(({ kind }) => kind).join(" ")}`.trim();
}

const job = { type: "job", autorestart: false } as const;
const onFailure = { autorestart: "on-failure" } as const;

interface Row {
  readonly claim: string;
  readonly from: ProgramState;
  readonly on: ProgramEvent;
  readonly settings?: Partial<Settings>;
  readonly history?: Partial<History>;
  readonly want: string;
}

const rows: readonly Row[] = [
  // jobs
  {
    claim: "a job is started by autostart",
    from: unknown,
    on: gone(),
    settings: job,
    want: "starting: start",
  },
  {
    claim: "a job that was done before usrsvcd began is done",
    from: unknown,
    on: gone({ ranBefore: true, endedWell: true }),
    settings: job,
    want: "done: note-done",
  },
  {
    claim: "a job that had failed before usrsvcd began is not started again by autostart",
    from: unknown,
    on: gone({ ranBefore: true }),
    settings: job,
    want: "stopped(ended): note-stopped",
  },
  {
    claim: "but with on-failure it is",
    from: unknown,
    on: gone({ ranBefore: true }),
    settings: { ...job, autorestart: "on-failure" },
    want: "starting: start",
  },
  {
    claim: "a job that ends well within success_seconds is done",
    from: starting,
    on: { ...failed, endedWell: true },
    settings: job,
    want: "done: note-done",
  },
  {
    claim: "a job that ends well later is done",
    from: running,
    on: gone({ ranBefore: true, endedWell: true }),
    settings: job,
    want: "done: note-death note-done",
  },
  {
    claim: "a job that fails stays down",
    from: running,
    on: gone({ ranBefore: true }),
    settings: job,
    want: "stopped(ended): note-death note-stopped",
  },
  {
    claim: "a job that fails, with on-failure, is tried again after a pause",
    from: running,
    on: gone({ ranBefore: true }),
    settings: { ...job, autorestart: "on-failure" },
    want: "backoff: note-death back-off wake",
  },
  {
    claim: "and given up after maxrestarts",
    from: running,
    on: gone({ ranBefore: true }),
    settings: { ...job, autorestart: "on-failure", maxrestarts: 3 },
    history: { failures: 2 },
    want: "fatal: note-death give-up",
  },
  {
    claim: "a job that was ended for a limit has failed",
    from: stopping,
    on: gone({ ranBefore: true }),
    settings: job,
    want: "stopped(ended): note-death note-stopped",
  },
  {
    claim: "a job with a schedule is started when it is due",
    from: { kind: "done" },
    on: gone({ isDue: true }),
    settings: { ...job, autostart: false },
    want: "starting: start",
  },
  {
    claim: "and so is one that was given up",
    from: fatal,
    on: gone({ isDue: true }),
    settings: job,
    want: "starting: start",
  },
  {
    claim: "and one that was waiting, where an operator's start was in vain",
    from: waiting,
    on: gone({ isDue: true, desired: "up", startedByHand: true }),
    settings: job,
    want: "starting: start",
  },
  {
    claim: "but not one that an operator has stopped",
    from: stopped("asked"),
    on: gone({ isDue: true, desired: "down" }),
    settings: job,
    want: "stopped(asked):",
  },
  {
    claim: "a job that is due while it runs: skip",
    from: running,
    on: { ...seen(one), isDue: true },
    settings: job,
    want: "running: note-overlap",
  },
  {
    claim: "a job that is due while it runs: queue",
    from: running,
    on: { ...seen(one), isDue: true },
    settings: { ...job, overlap: "queue" },
    want: "running: note-overlap",
  },
  {
    claim: "and is started when that has ended, however it did",
    from: { ...running, isQueued: true },
    on: gone({ ranBefore: true, endedWell: true }),
    settings: { ...job, overlap: "queue" },
    want: "starting: note-death start",
  },
  {
    claim: "a job that is due while it runs: kill",
    from: running,
    on: { ...seen(one), isDue: true },
    settings: { ...job, overlap: "kill" },
    want: "stopping: stop",
  },
  {
    claim: "and is started when it is gone",
    from: { kind: "stopping", process: one, cause: { kind: "due", reason: "due" }, since: NOW },
    on: gone({ ranBefore: true }),
    settings: { ...job, overlap: "kill" },
    want: "starting: note-death start",
  },
  {
    claim: "what was done and is no job any more is started by autostart",
    from: { kind: "done" },
    on: gone(),
    want: "starting: start",
  },
  {
    claim: "what a full disk has kept from its start is started when it works again",
    from: { kind: "unknown", cause: { kind: "due", reason: "due" } },
    on: gone({ endedWell: true }),
    settings: { ...job, autostart: false },
    want: "starting: start",
  },
  // the first look
  {
    claim: "what runs already is taken up",
    from: unknown,
    on: seen(one),
    want: "running: take-up",
  },
  {
    claim: "what runs is taken up even when it is disabled",
    from: unknown,
    on: seen(one),
    settings: { enabled: false },
    want: "running: take-up",
  },
  {
    claim: "autostart starts what does not run",
    from: unknown,
    on: gone(),
    want: "starting: start",
  },
  {
    claim: "without autostart it stays down",
    from: unknown,
    on: gone(),
    settings: { autostart: false },
    want: "stopped(not-started): note-stopped",
  },
  {
    claim: "without autostart, what ran before in this boot is started",
    from: unknown,
    on: gone({ ranBefore: true }),
    settings: { autostart: false },
    want: "starting: start",
  },
  {
    claim: "without autostart, what an operator started is started",
    from: unknown,
    on: gone({ desired: "up" }),
    settings: { autostart: false },
    want: "starting: start",
  },
  {
    claim: "without autostart and autorestart it stays down, whatever was",
    from: unknown,
    on: gone({ desired: "up", ranBefore: true }),
    settings: { autostart: false, autorestart: false },
    want: "stopped(not-started): note-stopped",
  },
  {
    claim: "what an operator stopped stays down",
    from: unknown,
    on: gone({ desired: "down", ranBefore: true }),
    want: "stopped(asked): note-stopped",
  },
  {
    claim: "what is disabled stays down",
    from: unknown,
    on: gone({ desired: "up", ranBefore: true }),
    settings: { enabled: false },
    want: "stopped(disabled): note-stopped",
  },
  // waiting
  {
    claim: "what would be started waits for what it starts after",
    from: unknown,
    on: gone({ waitsFor: db }),
    want: "waiting: note-waiting",
  },
  {
    claim: "so does what has died",
    from: running,
    on: gone({ waitsFor: db }),
    want: "waiting: note-death note-waiting",
  },
  {
    claim: "what would not be started waits for nothing",
    from: unknown,
    on: gone({ waitsFor: db }),
    settings: { autostart: false },
    want: "stopped(not-started): note-stopped",
  },
  {
    claim: "what is being started waits no more",
    from: starting,
    on: gone({ waitsFor: db }),
    want: "starting:",
  },
  { claim: "it waits on", from: waiting, on: gone({ waitsFor: { ...db } }), want: "waiting:" },
  {
    claim: "why it waits is news",
    from: waiting,
    on: gone({ waitsFor: { ...db, reason: "it was given up" } }),
    want: "waiting: note-waiting",
  },
  {
    claim: "it is started when nothing is to be waited for any more",
    from: waiting,
    on: gone(),
    want: "starting: start",
  },
  {
    claim: "what is seen while it waits is taken up",
    from: waiting,
    on: seen(one),
    want: "running: take-up",
  },
  {
    claim: "an operator's stop ends the wait",
    from: waiting,
    on: gone({ waitsFor: db, desired: "down" }),
    want: "stopped(asked): note-stopped",
  },
  {
    claim: "so does a reread that switches autostart off",
    from: waiting,
    on: gone({ waitsFor: db }),
    settings: { autostart: false },
    want: "stopped(not-started): note-stopped",
  },
  {
    claim: "one that is restarted with another is ended for that",
    from: running,
    on: { kind: "companion-restarted", program: "db", process: younger },
    want: "stopping: stop",
  },
  {
    claim: "and where both are of one tick, if it has the lower pid",
    from: running,
    on: {
      kind: "companion-restarted",
      program: "db",
      process: { ...one, pid: (one.pid + 1) as Pid },
    },
    want: "stopping: stop",
  },
  {
    claim: "but not one that is younger than the other",
    from: running,
    on: { kind: "companion-restarted", program: "db", process: older },
    want: "running:",
  },
  {
    claim: "nor one that is down",
    from: stopped("asked"),
    on: { kind: "companion-restarted", program: "db", process: younger },
    want: "stopped(asked):",
  },
  {
    claim: "what was ended with another is started again, although autorestart is off",
    from: { ...stopping, cause: { kind: "with", program: "db", reason: "so" } },
    on: gone(),
    settings: { autorestart: false },
    history: { early: 2 },
    want: "starting: note-death start",
  },
  // starting
  {
    claim: "a start that succeeds makes it running",
    from: starting,
    on: { kind: "started", process: one },
    want: "running:",
  },
  {
    claim: "a start that fails is tried again later",
    from: starting,
    on: failed,
    want: "backoff: back-off wake",
  },
  {
    claim: "a start that fails for the last time is the end",
    from: starting,
    on: failed,
    settings: { maxrestarts: 3 },
    history: { failures: 2 },
    want: "fatal: give-up",
  },
  {
    claim: "before that it is not",
    from: starting,
    on: failed,
    settings: { maxrestarts: 3 },
    history: { failures: 1 },
    want: "backoff: back-off wake",
  },
  {
    claim: "with maxrestarts 0 there is no last time",
    from: starting,
    on: failed,
    history: { failures: 1e6 },
    want: "backoff: back-off wake",
  },
  {
    claim: "without autorestart a start that fails is the end",
    from: starting,
    on: failed,
    settings: { autorestart: false },
    want: "stopped(ended): note-stopped",
  },
  {
    claim: "while it starts, nothing that is seen starts it again",
    from: starting,
    on: gone({ desired: "up", ranBefore: true }),
    want: "starting:",
  },
  {
    claim: "while it starts, an operator's stop counts",
    from: starting,
    on: gone({ desired: "down" }),
    want: "stopped(asked): note-stopped",
  },
  {
    claim: "while it starts, what is seen is taken up",
    from: starting,
    on: seen(one),
    want: "running: take-up",
  },
  // running
  {
    claim: "as long as it runs there is nothing to do",
    from: running,
    on: seen(one),
    want: "running:",
  },
  {
    claim: "another process is taken up",
    from: running,
    on: seen(other),
    want: "running: take-up",
  },
  {
    claim: "one that dies is started again at once",
    from: running,
    on: gone({ ranBefore: true }),
    want: "starting: note-death start",
  },
  {
    claim: "without autorestart its death is the end",
    from: running,
    on: gone(),
    settings: { autorestart: false },
    want: "stopped(ended): note-death note-stopped",
  },
  {
    claim: "an operator's stop is the end",
    from: running,
    on: gone({ desired: "down" }),
    want: "stopped(asked): note-death note-stopped",
  },
  {
    claim: "one that is disabled meanwhile runs on",
    from: running,
    on: seen(one),
    settings: { enabled: false },
    want: "running:",
  },
  {
    claim: "one that is disabled meanwhile is not started again",
    from: running,
    on: gone({ desired: "up" }),
    settings: { enabled: false },
    want: "stopped(disabled): note-death note-stopped",
  },
  {
    claim: "a failed start that comes late changes nothing",
    from: running,
    on: failed,
    want: "running:",
  },
  // on-failure
  {
    claim: "with on-failure one that failed is started again at once",
    from: running,
    on: gone({ ranBefore: true, endedWell: false }),
    settings: onFailure,
    want: "starting: note-death start",
  },
  {
    claim: "with on-failure the end of one that ended well is the end",
    from: running,
    on: gone({ ranBefore: true, endedWell: true }),
    settings: onFailure,
    want: "stopped(succeeded): note-death note-stopped",
  },
  {
    claim: "one that ended well is started again without on-failure",
    from: running,
    on: gone({ ranBefore: true, endedWell: true }),
    want: "starting: note-death start",
  },
  {
    claim: "an operator's stop counts more than how it ended",
    from: running,
    on: gone({ desired: "down", endedWell: true }),
    settings: onFailure,
    want: "stopped(asked): note-death note-stopped",
  },
  {
    claim: "with on-failure one that is ended for a limit is started again, however it ended",
    from: stopping,
    on: gone({ endedWell: true }),
    settings: onFailure,
    want: "starting: note-death start",
  },
  {
    claim: "with on-failure a start that ended well has not failed",
    from: starting,
    on: { ...failed, endedWell: true },
    settings: { ...onFailure, maxrestarts: 1 },
    want: "stopped(succeeded): note-stopped",
  },
  {
    claim: "without on-failure it has",
    from: starting,
    on: { ...failed, endedWell: true },
    want: "backoff: back-off wake",
  },
  {
    claim: "with on-failure a start that failed is tried again",
    from: starting,
    on: failed,
    settings: onFailure,
    want: "backoff: back-off wake",
  },
  {
    claim: "with on-failure what ended well before usrsvcd began stays down",
    from: unknown,
    on: gone({ desired: "up", endedWell: true }),
    settings: onFailure,
    want: "stopped(succeeded): note-stopped",
  },
  {
    claim: "with on-failure what an operator started, and nobody knows how it ended, is started",
    from: unknown,
    on: gone({ desired: "up" }),
    settings: { ...onFailure, autostart: false },
    want: "starting: start",
  },
  {
    claim: "what ended well stays down",
    from: stopped("succeeded"),
    on: gone({ endedWell: true }),
    settings: onFailure,
    want: "stopped(succeeded):",
  },
  {
    claim: "what ended well is started when autorestart is switched on",
    from: stopped("succeeded"),
    on: gone({ endedWell: true }),
    want: "starting: start",
  },
  {
    claim: "what ended well is started when that is a success no longer",
    from: stopped("succeeded"),
    on: gone(),
    settings: onFailure,
    want: "starting: start",
  },
  {
    claim: "what ended without autorestart, and well, stays down with on-failure",
    from: stopped("ended"),
    on: gone({ endedWell: true }),
    settings: onFailure,
    want: "stopped(ended):",
  },
  {
    claim: "what was started by hand and ended well stays down",
    from: stopped("asked"),
    on: gone({ desired: "up", startedByHand: true, endedWell: true }),
    settings: onFailure,
    want: "stopped(succeeded): note-stopped",
  },
  {
    claim: "what was started by hand and ended well is tried no more",
    from: backoff,
    on: gone({ desired: "up", startedByHand: true, endedWell: true }),
    settings: onFailure,
    want: "stopped(succeeded): note-stopped",
  },
  {
    claim: "what was started by hand and ended well is given up no longer",
    from: fatal,
    on: gone({ desired: "up", startedByHand: true, endedWell: true }),
    settings: onFailure,
    want: "stopped(succeeded): note-stopped",
  },
  // backoff
  {
    claim: "before its time nothing is started, but a wake-up is asked for",
    from: backoff,
    on: gone(),
    want: "backoff: wake",
  },
  {
    claim: "at its time it is started",
    from: { ...backoff, until: NOW },
    on: gone(),
    want: "starting: start",
  },
  {
    claim: "an operator's stop ends the waiting",
    from: { ...backoff, until: NOW },
    on: gone({ desired: "down" }),
    want: "stopped(asked): note-stopped",
  },
  {
    claim: "disabling ends the waiting",
    from: { ...backoff, until: NOW },
    on: gone(),
    settings: { enabled: false },
    want: "stopped(disabled): note-stopped",
  },
  {
    claim: "what was started by hand meanwhile is taken up",
    from: backoff,
    on: seen(one),
    want: "running: take-up",
  },
  // monitors
  { claim: "one that exceeds a limit is ended", from: running, on: tooBig, want: "stopping: stop" },
  {
    claim: "a violation of an earlier process is told too late",
    from: { ...running, process: other },
    on: tooBig,
    want: "running:",
  },
  {
    claim: "a violation of one that is down is told too late",
    from: backoff,
    on: tooBig,
    want: "backoff:",
  },
  { claim: "a second violation changes nothing", from: stopping, on: tooBig, want: "stopping:" },
  {
    claim: "one that could not be ended is tried again",
    from: stopping,
    on: seen(one),
    want: "stopping: stop",
  },
  {
    claim: "one that is ended is started again",
    from: stopping,
    on: gone(),
    want: "starting: note-death start",
  },
  {
    claim: "one that is ended is started again even without autorestart",
    from: stopping,
    on: gone(),
    settings: { autorestart: false },
    want: "starting: note-death start",
  },
  {
    claim: "an operator's stop counts more than the restart",
    from: stopping,
    on: gone({ desired: "down" }),
    want: "stopped(asked): note-death note-stopped",
  },
  {
    claim: "disabling counts more than the restart",
    from: stopping,
    on: gone(),
    settings: { enabled: false },
    want: "stopped(disabled): note-death note-stopped",
  },
  {
    claim: "another process is taken up while the first is ended",
    from: stopping,
    on: seen(other),
    want: "running: take-up",
  },
  {
    claim: "a planned restart is one, although it came too often of late",
    from: { ...stopping, cause: { kind: "limit", ...limit, isPlanned: true } },
    on: gone({ ranBefore: true }),
    history: { early: EARLY_AT_ONCE },
    want: "starting: note-death start",
  },
  {
    claim: "an end because of a limit is answered with a pause then",
    from: stopping,
    on: gone({ ranBefore: true }),
    history: { early: EARLY_AT_ONCE },
    want: "backoff: note-death back-off wake",
  },
  // fatal
  { claim: "fatal asks for nothing", from: fatal, on: gone({ ranBefore: true }), want: "fatal:" },
  {
    claim: "fatal is left when a process is seen",
    from: fatal,
    on: seen(one),
    want: "running: take-up",
  },
  {
    claim: "fatal is left by an operator's stop",
    from: fatal,
    on: gone({ desired: "down" }),
    want: "stopped(asked): note-stopped",
  },
  {
    claim: "with retry_after fatal wakes up at its time",
    from: { ...fatal, retry: { afterMs: 900, at: NOW + 1 } },
    on: gone({ ranBefore: true }),
    settings: { retryAfterMs: 900 },
    want: "fatal: wake",
  },
  {
    claim: "with retry_after it is started then",
    from: { ...fatal, retry: { afterMs: 900, at: NOW } },
    on: gone({ ranBefore: true }),
    settings: { retryAfterMs: 900, autorestart: false, autostart: false },
    want: "starting: start",
  },
  {
    claim: "retry_after that is switched on counts from then on",
    from: fatal,
    on: gone({ ranBefore: true }),
    settings: { retryAfterMs: 900 },
    want: "fatal: note-retry wake",
  },
  {
    claim: "retry_after that is switched off counts no more",
    from: { ...fatal, retry: { afterMs: 900, at: NOW } },
    on: gone({ ranBefore: true }),
    want: "fatal: note-retry",
  },
  {
    claim: "an operator's stop counts more than retry_after",
    from: { ...fatal, retry: { afterMs: 900, at: NOW } },
    on: gone({ desired: "down" }),
    settings: { retryAfterMs: 900 },
    want: "stopped(asked): note-stopped",
  },
  {
    claim: "what an earlier usrsvcd has given up waits for the rest of its time",
    from: unknown,
    on: gone({ ranBefore: true, retryMs: 500 }),
    settings: { retryAfterMs: 900 },
    want: "fatal: note-retry wake",
  },
  {
    claim: "what an earlier usrsvcd has given up is started when its time is over",
    from: unknown,
    on: gone({ ranBefore: true, retryMs: 0 }),
    settings: { retryAfterMs: 900 },
    want: "starting: start",
  },
  {
    claim: "what an earlier usrsvcd has given up is started without retry_after",
    from: unknown,
    on: gone({ ranBefore: true, retryMs: 500 }),
    want: "starting: start",
  },
  // restart_window
  {
    claim: "as many deaths as maxrestarts within restart_window are the end",
    from: running,
    on: gone({ ranBefore: true }),
    settings: { maxrestarts: 3, restartWindowMs: 5000 },
    history: { ends: [NOW - 4000, NOW - 10] },
    want: "fatal: note-death give-up",
  },
  {
    claim: "what was before restart_window does not count",
    from: running,
    on: gone({ ranBefore: true }),
    settings: { maxrestarts: 3, restartWindowMs: 5000 },
    history: { ends: [NOW - 5000, NOW - 10] },
    want: "starting: note-death start",
  },
  {
    claim: "deaths and failed starts count together",
    from: starting,
    on: failed,
    settings: { maxrestarts: 3, restartWindowMs: 5000, retryAfterMs: 900 },
    history: { ends: [NOW - 4000, NOW - 10] },
    want: "fatal: give-up wake",
  },
  {
    claim: "failed starts in a row do not count where restart_window says otherwise",
    from: starting,
    on: failed,
    settings: { maxrestarts: 3, restartWindowMs: 5000 },
    history: { failures: 9 },
    want: "backoff: back-off wake",
  },
  {
    claim: "an end because of a limit is answered, however many there were",
    from: stopping,
    on: gone({ ranBefore: true }),
    settings: { maxrestarts: 3, restartWindowMs: 5000 },
    history: { ends: [NOW - 4000, NOW - 10, NOW - 5] },
    want: "starting: note-death start",
  },
  // stopped
  {
    claim: "stopped asks for nothing, and says so only once",
    from: stopped("asked"),
    on: gone({ desired: "down" }),
    want: "stopped(asked):",
  },
  {
    claim: "what ended without autorestart stays down",
    from: stopped("ended"),
    on: gone({ ranBefore: true }),
    settings: { autorestart: false },
    want: "stopped(ended):",
  },
  {
    claim: "what ended without autorestart is started when that is switched on",
    from: stopped("ended"),
    on: gone({ ranBefore: true }),
    want: "starting: start",
  },
  {
    claim: "what was not started is started when autostart is switched on",
    from: stopped("not-started"),
    on: gone(),
    want: "starting: start",
  },
  {
    claim: "what was not started stays down without autostart",
    from: stopped("not-started"),
    on: gone(),
    settings: { autostart: false },
    want: "stopped(not-started):",
  },
  {
    claim: "what an operator stopped is not started by a look",
    from: stopped("asked"),
    on: gone({ desired: "up" }),
    want: "stopped(asked):",
  },
  {
    claim: "a start by hand that failed is a failure where it was given up, too",
    from: fatal,
    on: gone({ desired: "up", startedByHand: true }),
    settings: { maxrestarts: 3 },
    history: { failures: 3 },
    want: "backoff: back-off wake",
  },
  {
    claim: "a start by hand that failed takes the place of the one that was due, and counts anew",
    from: { ...backoff, until: Number.MAX_SAFE_INTEGER },
    on: gone({ desired: "up", startedByHand: true }),
    settings: { maxrestarts: 6 },
    history: { failures: 5 },
    want: "backoff: back-off wake",
  },
  {
    claim: "what was started by hand is taken up",
    from: stopped("asked"),
    on: seen(one),
    want: "running: take-up",
  },
  {
    claim: "a start by hand that failed is tried again later",
    from: stopped("asked"),
    on: gone({ desired: "up", startedByHand: true }),
    want: "backoff: back-off wake",
  },
  {
    claim: "a start by hand that failed is not tried again without autorestart",
    from: stopped("asked"),
    on: gone({ desired: "up", startedByHand: true }),
    settings: { autorestart: false },
    want: "stopped(asked):",
  },
  {
    claim: "what is enabled again is looked at as for the first time",
    from: stopped("disabled"),
    on: gone(),
    want: "starting: start",
  },
  {
    claim: "what is enabled again stays down where an operator stopped it",
    from: stopped("disabled"),
    on: gone({ desired: "down" }),
    want: "stopped(asked): note-stopped",
  },
  {
    claim: "what is disabled while it is down says so",
    from: stopped("asked"),
    on: gone(),
    settings: { enabled: false },
    want: "stopped(disabled): note-stopped",
  },
];

describe("transition", () => {
  for (const { claim, from, on, settings, history, want } of rows) {
    test(`from ${from.kind}: ${claim}`, () => {
      assert.equal(words(move(from, on, settings, history)), want);
    });
  }

  test("tells how a process ended", () => {
    const exit = { kind: "signal", signal: "SIGSEGV", coreDumped: true } as const;
    const { effects } = move(running, gone({ exit }));
    assert.deepEqual(effects[0], { kind: "note-death", process: one, exit, next: "start" });
  });

  test("hands the reason of a failure on", () => {
    const { state, effects } = move(starting, failed);
    assert.ok(state.kind === "backoff" && effects[0]?.kind === "back-off");
    assert.deepEqual([state.reason, effects[0].reason], ["it broke", "it broke"]);
    assert.deepEqual(effects[1], { kind: "wake", at: state.until });
  });

  test("with maxrestarts waits restart_delay after each failure", () => {
    const { effects } = move(starting, failed, { maxrestarts: 5, restartDelayMs: 7000 });
    assert.ok(effects[0]?.kind === "back-off");
    assert.equal(effects[0].delayMs, 7000);
  });

  test("a clock that was set makes no time of retry_after longer", () => {
    const { state } = move(unknown, gone({ retryMs: 1e9 }), { retryAfterMs: 900 });
    assert.deepEqual(state.kind === "fatal" && state.retry, { afterMs: 900, at: NOW + 900 });
  });

  test("another retry_after counts from the time of giving up", () => {
    const waits: ProgramState = { ...fatal, retry: { afterMs: 900, at: NOW + 100 } };
    const { state, effects } = move(waits, gone(), { retryAfterMs: 2000 });
    assert.deepEqual(state, { ...fatal, retry: { afterMs: 2000, at: NOW + 1200 } });
    assert.deepEqual(effects, [
      { kind: "note-retry", retryMs: 1200 },
      { kind: "wake", at: NOW + 1200 },
    ]);
  });

  test("counts automatic restarts, and no others", () => {
    assert.equal(move(unknown, gone()).history.restarts, 0);
    assert.equal(
      move(unknown, gone({ ranBefore: true }), { autostart: false }).history.restarts,
      1,
    );
    assert.equal(move(running, gone()).history.restarts, 1);
    assert.equal(move({ ...backoff, until: NOW }, gone()).history.restarts, 1);
    assert.equal(move(starting, { kind: "started", process: one }).history.restarts, 0);
  });

  test("forgets the growing pause after a minute's run, and not before", () => {
    const streak = 5;
    const after = (ranMs: number) =>
      move({ ...running, since: NOW - ranMs }, gone(), {}, { streak }).history.streak;
    assert.equal(after(STABLE_MS - 1), streak);
    assert.equal(after(STABLE_MS), 0);
  });

  test("forgets early deaths after a minute's run, and not before", () => {
    const after = (ranMs: number) =>
      move({ ...running, since: NOW - ranMs }, gone(), {}, { early: 1 }).history.early;
    assert.equal(after(STABLE_MS - 1), 2);
    assert.equal(after(STABLE_MS), 0);
  });
});

/** A program that dies and starts as events tell, on a clock of its own. */
class Life {
  readonly settings: Settings;
  state: ProgramState = { kind: "unknown" };
  history: History = noHistory;
  now = 0;

  constructor(settings: Partial<Settings> = {}) {
    this.settings = { ...defaults, ...settings };
  }

  on(event: ProgramEvent, chance = 0.5): Step {
    const context = { settings: this.settings, now: this.now, chance, isHeld: false };
    const step = transition(this.state, this.history, event, context);
    this.state = step.state;
    this.history = step.history;
    return step;
  }

  /** Once the program is running or starting: it starts, lives for so long, and dies. */
  runAndDie(livesMs: number): Step {
    if (this.state.kind === "unknown") this.on(gone());
    if (this.state.kind === "backoff") {
      this.now = Math.max(this.now, this.state.until);
      this.on(gone());
    }
    this.on({ kind: "started", process: one });
    this.now += livesMs;
    return this.on(gone({ ranBefore: true }));
  }
}

describe("a start has its cause", () => {
  /** What the start answers that a course of events leads to. */
  function cause(
    first: ProgramState,
    history: Partial<History>,
    ...events: ProgramEvent[]
  ): string {
    const life = new Life();
    life.state = first;
    life.history = { ...noHistory, ...history };
    for (const event of events) {
      if (life.state.kind === "backoff") life.now = Math.max(life.now, life.state.until);
      life.on(event);
    }
    return life.state.kind === "starting" ? life.state.cause.kind : `none: ${life.state.kind}`;
  }
  const ended: ProgramState = { kind: "stopped", why: "ended" };
  const undone: ProgramEvent = { kind: "trouble", process: undefined, undo: noHistory };

  const causes: readonly [claim: string, found: string, want: StartCause["kind"]][] = [
    ["what never ran", cause(unknown, {}, gone()), "autostart"],
    ["what ran before usrsvcd", cause(unknown, {}, gone({ ranBefore: true })), "resumed"],
    ["what an operator wants up", cause(unknown, {}, gone({ desired: "up" })), "operator"],
    [
      "what ended while usrsvcd was away",
      cause(unknown, {}, gone({ ranBefore: true, diedUnseen: true })),
      "death",
    ],
    ["what has died", cause(running, {}, gone()), "death"],
    [
      "what has died over and over, after its pause",
      cause(running, { early: 5 }, gone(), gone()),
      "death",
    ],
    ["what was ended for its limit", cause(stopping, {}, gone()), "limit"],
    [
      "what exceeds limits over and over, after its pause",
      cause(stopping, { early: 5 }, gone(), gone()),
      "death",
    ],
    ["what could not be started", cause(starting, {}, failed, gone()), "retry"],
    ["what is to be restarted again", cause(ended, {}, gone()), "death"],
    [
      "what failed while it was not to be restarted",
      cause(ended, { failures: 1 }, gone()),
      "retry",
    ],
    [
      "a first start that was called off",
      cause(starting, {}, { kind: "start-called-off" }, gone()),
      "autostart",
    ],
    [
      "a restart that was called off",
      cause(running, {}, gone(), { kind: "start-called-off" }, gone()),
      "death",
    ],
    ["a start that trouble has prevented", cause(starting, {}, undone, gone()), "autostart"],
    ["a restart that trouble has prevented", cause(running, {}, gone(), undone, gone()), "death"],
    [
      "a restart for a limit that trouble has prevented",
      cause(stopping, {}, gone(), undone, gone()),
      "limit",
    ],
    [
      "a pause that trouble has kept from the record",
      cause(starting, {}, failed, undone, gone()),
      "retry",
    ],
  ];
  for (const [claim, found, want] of causes) {
    test(`${claim}: ${want}`, () => assert.equal(found, want));
  }

  test("a limit is the same value from the monitor to the start", () => {
    const life = new Life();
    life.state = running;
    assert.deepEqual(life.on(tooBig).effects, [
      { kind: "stop", process: one, cause: { kind: "limit", ...limit } },
    ]);
    const { effects } = life.on(gone());
    assert.deepEqual(effects[1], { kind: "start", cause: { kind: "limit", ...limit } });
  });
});

describe("isQuiet", () => {
  const quiet = (
    state: ProgramState,
    event: ProgramEvent,
    settings: Partial<Settings> = {},
    history: Partial<History> = {},
  ): boolean =>
    isQuiet(state, { ...noHistory, ...history }, event, {
      settings: { ...defaults, ...settings },
      now: NOW,
      chance: 0.5,
      isHeld: false,
    });

  const down = gone({ desired: "down" });
  const answers: readonly [claim: string, found: boolean, want: boolean][] = [
    ["the process that runs", quiet(running, seen(one)), true],
    [
      "the process that runs, of a program that is disabled",
      quiet(running, seen(one), { enabled: false }),
      true,
    ],
    ["another process", quiet(running, seen(other)), false],
    ["a death", quiet(running, gone()), false],
    ["a limit of the process that runs", quiet(running, tooBig), false],
    ["a limit of another", quiet({ ...running, process: other }, tooBig), true],
    ["the process that is being ended", quiet(stopping, seen(one)), false],
    ["nothing at the first look", quiet(unknown, gone()), false],
    ["nothing where it is fatal", quiet(fatal, gone({ ranBefore: true })), true],
    [
      "an operator's start in vain where it is fatal",
      quiet(fatal, gone({ startedByHand: true })),
      false,
    ],
    ["an operator's stop where it is fatal", quiet(fatal, down), false],
    ["nothing where an operator has stopped it", quiet(stopped("asked"), down), true],
    [
      "the same, which forgets what failed before",
      quiet(stopped("asked"), down, {}, { failures: 2 }),
      false,
    ],
    [
      "an operator's start in vain where it is stopped",
      quiet(stopped("asked"), gone({ startedByHand: true })),
      false,
    ],
    ["nothing where it ended", quiet(stopped("ended"), gone(), { autorestart: false }), true],
    ["autorestart, switched on where it ended", quiet(stopped("ended"), gone()), false],
    [
      "nothing without autostart",
      quiet(stopped("not-started"), gone(), { autostart: false }),
      true,
    ],
    ["autostart, switched on", quiet(stopped("not-started"), gone()), false],
    ["disabling", quiet(stopped("ended"), gone(), { enabled: false, autorestart: false }), false],
    ["nothing where it is disabled", quiet(stopped("disabled"), gone(), { enabled: false }), true],
    ["nothing before the time of its next start", quiet(backoff, gone()), false],
    ["trouble", quiet(running, { kind: "trouble", process: one, undo: undefined }), false],
  ];
  for (const [claim, found, want] of answers) {
    test(`is ${want} for ${claim}`, () => assert.equal(found, want));
  }
});

describe("trouble", () => {
  const trouble = (process?: ProcessRef, undo?: History): ProgramEvent => ({
    kind: "trouble",
    process,
    undo,
  });
  const before: History = { failures: 1, streak: 2, restarts: 3, early: 4, ends: [5] };
  const wake = { kind: "wake", at: NOW + TROUBLE_PAUSE_MS } as const;

  test("undoes what was decided and not done", () => {
    for (const state of [starting, backoff, fatal, stopped("ended"), stopping]) {
      const step = move(state, trouble(undefined, before), {}, { restarts: 9 });
      assert.equal(step.state.kind, "unknown", state.kind);
      assert.deepEqual([step.history, step.effects], [before, [wake]]);
    }
  });

  test("before anything was decided changes nothing, and is looked at again", () => {
    for (const state of [unknown, running, stopping, backoff, fatal, stopped("asked")]) {
      const step = move(state, trouble());
      assert.deepEqual(step, { state, history: noHistory, effects: [wake] });
    }
  });

  test("after a launch finds it running", () => {
    const { state } = move(starting, trouble(one, before));
    assert.deepEqual(state, { kind: "running", process: one, since: NOW });
  });

  test("leaves what runs as it is", () => {
    assert.equal(move(running, trouble(one, before)).state, running);
    assert.equal(move(stopping, trouble(one, before)).state, stopping);
  });
});

describe("a crash loop", () => {
  test(`is answered at once ${EARLY_AT_ONCE} times, then with pauses that grow from 1 s to 60 s`, () => {
    const life = new Life();
    for (let death = 1; death <= EARLY_AT_ONCE; death += 1) {
      assert.equal(words(life.runAndDie(3000)), "starting: note-death start", `death ${death}`);
    }
    const pauses = Array.from({ length: 8 }, () => {
      const { effects } = life.runAndDie(3000);
      const [, effect] = effects;
      return effect?.kind === "back-off" ? effect.delayMs / 1000 : undefined;
    });
    assert.deepEqual(pauses, [1, 2, 4, 8, 16, 32, 60, 60]);
  });

  test("of a program that runs for a minute each time is answered at once for ever", () => {
    const life = new Life();
    for (let death = 0; death < 20; death += 1) {
      assert.equal(words(life.runAndDie(STABLE_MS)), "starting: note-death start");
    }
  });

  test("of limits that are exceeded soon after each start is one as well", () => {
    const life = new Life();
    const seen: string[] = [];
    for (let round = 0; round < 4; round += 1) {
      if (life.state.kind === "unknown") life.on(gone());
      if (life.state.kind === "backoff") {
        life.now = life.state.until;
        life.on(gone());
      }
      life.on({ kind: "started", process: one });
      life.now += 2000;
      life.on(tooBig);
      life.on(gone({ ranBefore: true }));
      seen.push(life.state.kind);
    }
    assert.deepEqual(seen, ["starting", "starting", "backoff", "backoff"]);
  });
});

describe("any course of events", () => {
  const anySettings: fc.Arbitrary<Settings> = fc.record({
    type: fc.constantFrom("service" as const, "service" as const, "job" as const),
    overlap: fc.constantFrom("skip" as const, "queue" as const, "kill" as const),
    enabled: fc.oneof({ weight: 9, arbitrary: fc.constant(true) }, fc.constant(false)),
    autostart: fc.boolean(),
    autorestart: fc.constantFrom(true, true, "on-failure" as const, "on-failure" as const, false),
    maxrestarts: fc.integer({ min: 0, max: 4 }),
    restartDelayMs: fc.constantFrom(0, 500, 5000, 90_000),
    restartMaxDelayMs: fc.constantFrom(undefined, undefined, 500, 5000, 300_000),
    restartWindowMs: fc.constantFrom(0, 0, 5000, 100_000),
    retryAfterMs: fc.constantFrom(0, 0, 1000, 80_000),
  });
  /** As the configuration has it: all but on-failure means no restart of a job. */
  const settingsOf = anySettings.map((all) =>
    all.type === "job" && all.autorestart === true ? { ...all, autorestart: false } : all,
  );
  const eventOf: fc.Arbitrary<ProgramEvent> = fc.oneof(
    fc.record({
      kind: fc.constant("observed" as const),
      process: fc.constantFrom(undefined, undefined, one, other),
      desired: fc.constantFrom("up" as const, "down" as const, "none" as const, "none" as const),
      ranBefore: fc.boolean(),
      diedUnseen: fc.boolean(),
      startedByHand: fc.constantFrom(false, false, true),
      exit: fc.constant(undefined),
      waitsFor: fc.constantFrom(undefined, undefined, undefined, db, { ...db, reason: undefined }),
      endedWell: fc.boolean(),
      retryMs: fc.constantFrom(undefined, undefined, -5, 300, 1e9),
      isDue: fc.constantFrom(undefined, undefined, false, true),
    }),
    fc.record({
      kind: fc.constant("companion-restarted" as const),
      program: fc.constant("db"),
      process: fc.constantFrom(one, other),
    }),
    fc.record({ kind: fc.constant("started" as const), process: fc.constantFrom(one, other) }),
    fc.constantFrom(failed, { ...failed, endedWell: true }),
    fc.record({
      kind: fc.constant("limit-exceeded" as const),
      process: fc.constantFrom(one, other),
      limit: fc.constant(limit),
    }),
    fc.constantFrom<ProgramEvent>(
      { kind: "start-called-off" },
      { kind: "stuck" },
      { kind: "taken-elsewhere" },
    ),
    fc.record({
      kind: fc.constant("trouble" as const),
      process: fc.constantFrom(undefined, undefined, one),
      undo: fc.constantFrom(undefined, noHistory),
    }),
  );
  interface Moment {
    readonly event: ProgramEvent;
    readonly afterMs: number;
    readonly chance: number;
    readonly settings: Settings | undefined;
  }
  const course: fc.Arbitrary<readonly Moment[]> = fc.array(
    fc.record({
      event: eventOf,
      afterMs: fc.constantFrom(0, 1, 400, 3000, 70_000),
      chance: fc.double({ min: 0, max: 1, noNaN: true }),
      settings: fc.option(settingsOf, { nil: undefined, freq: 8 }),
    }),
    { maxLength: 60 },
  );

  /** Asks `claim` of each step of many courses. */
  function always(
    claim: (
      before: { state: ProgramState; history: History },
      moment: Moment,
      step: Step,
      context: Context,
    ) => void,
  ): void {
    fc.assert(
      fc.property(settingsOf, course, (first, moments) => {
        let state: ProgramState = { kind: "unknown" };
        let history = noHistory;
        let settings = first;
        let now = NOW;
        for (const moment of moments) {
          now += moment.afterMs;
          settings = moment.settings ?? settings;
          const context = { settings, now, chance: moment.chance, isHeld: false };
          const step = transition(state, history, moment.event, context);
          claim({ state, history }, moment, step, context);
          ({ state, history } = step);
        }
      }),
      { numRuns: 500 },
    );
  }

  test("is quiet exactly where a look changes nothing", () => {
    always((before, { event }, step, context) => {
      if (event.kind !== "observed") return;
      const { state, history } = step;
      const isSame = isDeepStrictEqual({ state, history }, before) && step.effects.length === 0;
      assert.equal(isQuiet(before.state, before.history, event, context), isSame);
    });
  });

  test("is quiet about nothing that it asks something for", () => {
    always((before, { event }, { effects }, context) => {
      if (effects.length > 0) {
        assert.equal(isQuiet(before.state, before.history, event, context), false);
      }
    });
  });

  test("is quiet about the same look, made over and over, but while it waits or is being ended", () => {
    always((_before, { event }, { state, history }, context) => {
      if (event.kind !== "observed") return;
      // That it is due is answered to by then.
      const same = { ...event, startedByHand: false, isDue: false };
      // Of a program that is both disabled and to be down, the second look notes the other reason.
      const again = transition(state, history, same, context);
      if (again.state.kind === "backoff" || again.state.kind === "stopping") return;
      if (again.state.kind === "fatal" && again.state.retry !== undefined) return;
      assert.equal(isQuiet(again.state, again.history, same, context), true);
    });
  });

  test("a start and the state starting have the same cause", () => {
    always((_before, _moment, { state, effects }) => {
      for (const effect of effects) {
        if (effect.kind !== "start") continue;
        assert.ok(state.kind === "starting");
        assert.deepEqual(effect.cause, state.cause);
      }
    });
  });

  /** True where a job is to run by its schedule. */
  function isDue(event: ProgramEvent, { type }: Settings): boolean {
    return type === "job" && event.kind === "observed" && event.isDue === true;
  }

  test("with on-failure an end that went well is not answered, but for a limit", () => {
    always(({ state }, { event }, { state: after, effects }, { settings }) => {
      if (settings.autorestart !== "on-failure") {
        assert.ok(after.kind !== "stopped" || after.why !== "succeeded" || state === after);
        return;
      }
      const isEnd = event.kind === "start-failed" || event.kind === "observed";
      if (!isEnd || event.endedWell !== true || state.kind === "stopping") return;
      if (isDue(event, settings) || (state.kind === "running" && state.isQueued === true)) return;
      if (settings.type === "job" && state.kind === "unknown" && state.cause !== undefined) return;
      if (state.kind === "stopped" && state.why === "not-started") return; // autostart is switched on
      // The start that is due has been decided before.
      const isDecided = state.kind === "backoff" || state.kind === "waiting";
      if (isDecided && event.kind === "observed" && !event.startedByHand) return;
      assert.ok(!isStart(effects));
      assert.ok(after.kind !== "fatal" || state.kind === "fatal");
    });
  });

  test("a death says what comes after it", () => {
    always((_before, _moment, { effects }) => {
      const note = effects.find((effect) => effect.kind === "note-death");
      if (note === undefined) return;
      const kinds = effects.map(({ kind }) => kind);
      const next = kinds.includes("start")
        ? "start"
        : kinds.includes("back-off") || kinds.includes("note-waiting")
          ? "pause"
          : "nothing";
      assert.equal(note.next, next);
      assert.equal(kinds[0], "note-death");
    });
  });

  test("never starts while it is starting", () => {
    always(({ state }, _moment, { effects }) => {
      assert.ok(!(isStart(effects) && state.kind === "starting"));
    });
  });

  test("a start and the state starting go together, and never twice in a step", () => {
    always(({ state }, _moment, step) => {
      const starts = step.effects.filter(({ kind }) => kind === "start").length;
      assert.equal(starts, step.state.kind === "starting" && state.kind !== "starting" ? 1 : 0);
    });
  });

  test("never starts what is seen, desired down or disabled", () => {
    always((_before, { event }, { effects }, { settings }) => {
      if (!isStart(effects)) return;
      assert.ok(settings.enabled);
      assert.ok(event.kind === "observed" && event.process === undefined);
      assert.notEqual(event.desired, "down");
    });
  });

  test("never starts while it is to wait, and never waits for nothing", () => {
    always((before, { event }, { state, effects }) => {
      if (event.kind !== "observed" || event.process !== undefined) return;
      if (event.waitsFor !== undefined) assert.ok(!isStart(effects));
      else if (before.state.kind !== "starting") assert.notEqual(state.kind, "waiting");
    });
  });

  test("desired down and not seen, it is stopped", () => {
    always((_before, { event }, { state }) => {
      if (event.kind !== "observed" || event.process !== undefined) return;
      if (event.desired === "down") assert.equal(state.kind, "stopped");
    });
  });

  test("seen, it is running, or being ended for its limit, or since it is due again", () => {
    always(({ state: before }, { event }, { state }, { settings }) => {
      if (event.kind !== "observed" || event.process === undefined) return;
      const isEnded = before.kind === "stopping" && before.process === event.process;
      const runs = before.kind === "running" && before.process === event.process;
      const isKilled = runs && isDue(event, settings) && settings.overlap === "kill";
      assert.ok(state.kind === (isEnded || isKilled ? "stopping" : "running"));
      assert.equal(state.process, event.process);
    });
  });

  test("ends nothing but the process that runs, or that is being ended", () => {
    always(({ state }, _moment, { effects }) => {
      for (const effect of effects) {
        if (effect.kind !== "stop") continue;
        assert.ok(state.kind === "running" || state.kind === "stopping");
        assert.equal(effect.process, state.process);
      }
    });
  });

  test("with retry_after, fatal is left at its time and not before", () => {
    always(({ state }, { event }, step, { settings, now }) => {
      if (state.kind !== "fatal" || event.kind !== "observed" || event.process !== undefined)
        return;
      if (event.desired === "down" || !settings.enabled || event.startedByHand) return;
      if (isDue(event, settings)) return;
      const { retry } = state;
      if (retry?.afterMs !== settings.retryAfterMs) return; // it has another since, or none
      const left = event.waitsFor === undefined ? "starting" : "waiting";
      assert.equal(step.state.kind, now >= retry.at ? left : "fatal");
      if (now < retry.at) assert.deepEqual(step.effects, [{ kind: "wake", at: retry.at }]);
      else assert.deepEqual([step.history.failures, step.history.ends], [0, []]);
    });
  });

  test("whatever is given up says whether it is tried again, and wakes up for that", () => {
    always(({ state }, { event }, step, { settings, now }) => {
      const told = step.effects.find(({ kind }) => kind === "give-up" || kind === "note-retry");
      if (told?.kind !== "give-up" && told?.kind !== "note-retry") return;
      assert.ok(step.state.kind === "fatal");
      // An operator's start in vain may be the one too many, of what was given up before as well.
      const isByHand = event.kind === "observed" && event.startedByHand;
      const isNew = state.kind !== "fatal" && !isFirst(state);
      assert.ok(isByHand || (told.kind === "give-up") === isNew);
      const { retry } = step.state;
      assert.equal(retry?.afterMs ?? 0, settings.retryAfterMs);
      assert.equal(told.retryMs, retry && Math.max(0, retry.at - now));
      const wake = step.effects.find(({ kind }) => kind === "wake");
      assert.deepEqual(wake, retry && { kind: "wake", at: retry.at });
    });
  });

  test("fatal asks for nothing until it is seen running, started or stopped by hand, or disabled", () => {
    always(({ state }, { event }, step, { settings }) => {
      if (state.kind !== "fatal" || event.kind === "started") return;
      if (event.kind === "taken-elsewhere" || event.kind === "trouble") return;
      if (event.kind === "stuck") return;
      if (event.kind === "observed") {
        if (event.process !== undefined || event.desired === "down" || !settings.enabled) return;
        if (event.startedByHand || isDue(event, settings)) return;
        // It is tried again, or that is switched on or off.
        if (state.retry !== undefined || settings.retryAfterMs > 0) return;
      }
      assert.deepEqual(step.state, state);
      assert.deepEqual(step.effects, []);
    });
  });

  test("once a service is running there are no failures", () => {
    always((before, _moment, { state, history }, { settings }) => {
      if (settings.type === "job" || before.state === state) return;
      if (state.kind === "running") assert.equal(history.failures, 0);
    });
  });

  test("is fatal exactly when maxrestarts failures are counted, and with maxrestarts 0 never", () => {
    always(({ state }, _moment, step, { settings }) => {
      if (step.state.kind === "fatal" && state.kind !== "fatal") {
        // By an earlier usrsvcd, as its record says.
        if (isFirst(state)) return;
        assert.ok(settings.maxrestarts > 0 && countOf(step, settings) >= settings.maxrestarts);
      }
      const isPause = step.effects.some(({ kind }) => kind === "back-off");
      if (isPause && settings.maxrestarts > 0) {
        // What was ended for a limit is started again whatever the count is.
        if (state.kind === "stopping") return;
        assert.ok(countOf(step, settings) < settings.maxrestarts);
      }
    });
  });

  /** True where a look is like the first one. */
  function isFirst(state: ProgramState): boolean {
    if (state.kind === "unknown" || state.kind === "done") return true; // done, and no job any more
    return state.kind === "stopped" && state.why === "disabled";
  }

  /** What maxrestarts counts. */
  function countOf({ history }: Step, { restartWindowMs }: Settings): number {
    return restartWindowMs > 0 ? history.ends.length : history.failures;
  }

  test("maxrestarts N is given up at the Nth failure in a row", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.boolean(), (maxrestarts, ranFirst) => {
        const life = new Life({ maxrestarts, restartDelayMs: 10 });
        life.on(gone());
        if (ranFirst) life.runAndDie(1000);
        for (let failure = 1; failure < maxrestarts; failure += 1) {
          assert.equal(words(life.on(failed)), "backoff: back-off wake");
          life.now += 10;
          life.on(gone());
        }
        assert.equal(words(life.on(failed)), "fatal: give-up");
      }),
    );
  });

  test("waits until its time in backoff, and then starts", () => {
    always(({ state }, { event }, step, { settings, now }) => {
      if (state.kind !== "backoff" || event.kind !== "observed" || !settings.enabled) return;
      if (event.process !== undefined || event.desired === "down" || event.startedByHand) return;
      if (isDue(event, settings)) return;
      const next = event.waitsFor === undefined ? "starting" : "waiting";
      assert.equal(step.state.kind, now >= state.until ? next : "backoff");
      if (step.state.kind !== "backoff") return;
      assert.deepEqual(step.effects, [{ kind: "wake", at: state.until }]);
    });
  });

  test("never waits for longer than restart_max_delay or restart_delay, but for the jitter", () => {
    always((_before, _moment, { effects, state }, { settings, now }) => {
      for (const effect of effects) {
        if (effect.kind !== "back-off") continue;
        const { restartDelayMs, restartMaxDelayMs = 60_000 } = settings;
        assert.ok(effect.delayMs <= 1.1 * Math.max(restartMaxDelayMs, restartDelayMs) + 1);
        assert.ok(state.kind === "backoff" && state.until === now + effect.delayMs);
      }
    });
  });

  test("tells why what was started by hand does not run", () => {
    const reason = "exited with code 3; it wrote: Error: disk on fire";
    const event = { ...gone({ desired: "up", startedByHand: true }), reason };
    const { state } = transition(fatal, noHistory, event, {
      settings: { ...defaults, maxrestarts: 1 },
      now: 0,
      chance: 0.5,
      isHeld: false,
    });
    assert.deepEqual(state, {
      kind: "fatal",
      reason: `started by hand, but it does not run: ${reason}`,
    });
  });

  test("counts never below zero", () => {
    always((_before, _moment, { history }) => {
      assert.ok(history.early >= 0);
      assert.ok(history.failures >= 0 && history.restarts >= 0 && history.streak >= 0);
    });
  });

  test("a job that does not run and is due is started, whatever came of the last run", () => {
    always(({ state }, { event }, step, { settings }) => {
      if (event.kind !== "observed" || event.process !== undefined) return;
      if (!isDue(event, settings) || !settings.enabled || event.desired === "down") return;
      // An end comes first: it is due still.
      if (["starting", "running", "stopping"].includes(state.kind)) return;
      const next = event.waitsFor === undefined ? "starting" : "waiting";
      assert.equal(step.state.kind, next);
    });
  });

  test("a job that is done is started for nothing but its schedule", () => {
    always(({ state }, { event }, step, { settings }) => {
      if (state.kind !== "done" || settings.type !== "job" || isDue(event, settings)) return;
      assert.ok(!isStart(step.effects));
    });
  });

  test("a job that has failed is not started again without on-failure", () => {
    always(({ state }, { event }, step, { settings }) => {
      if (settings.type !== "job" || settings.autorestart !== false) return;
      if (event.kind === "start-failed" && state.kind === "starting") {
        assert.ok(["done", "stopped"].includes(step.state.kind));
      }
      const isEnd = event.kind === "observed" && event.process === undefined;
      if (state.kind !== "running" || !isEnd || state.isQueued === true) return;
      assert.ok(["done", "stopped"].includes(step.state.kind));
    });
  });

  test("only a job is ever done", () => {
    always(({ state }, _moment, step, { settings }) => {
      if (step.state.kind === "done" && state.kind !== "done") assert.equal(settings.type, "job");
    });
  });

  test("each death is noted once, with the process that died", () => {
    always(({ state }, { event }, { effects }) => {
      const notes = effects.filter((effect) => effect.kind === "note-death");
      const noted = notes.map(({ process }) => process);
      const hadProcess = state.kind === "running" || state.kind === "stopping";
      const died = hadProcess && event.kind === "observed" && event.process === undefined;
      assert.deepEqual(noted, died ? [state.process] : []);
    });
  });
});

function isStart(effects: readonly Effect[]): boolean {
  return effects.some(({ kind }) => kind === "start");
}

test("the machine knows each state that a record has", () => {
  // This does not compile where it lacks one.
  const known: Readonly<Record<State, ProgramState["kind"] | "unknown">> = {
    stopped: "stopped",
    done: "done",
    waiting: "waiting",
    starting: "starting",
    running: "running",
    stopping: "stopping",
    backoff: "backoff",
    fatal: "fatal",
  };
  const all: readonly ProgramState["kind"][] = [...states, "unknown"];
  assert.deepEqual(
    Object.keys(known).toSorted(),
    all.filter((one) => one !== "unknown").toSorted(),
  );
});
