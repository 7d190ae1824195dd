import type { Exit } from "../../proc/exit.ts";
import type { ProcessRef } from "../../proc/pid.ts";
import { sameProcess } from "../../proc/pid.ts";
import { assertNever } from "../lib/assert-never.ts";
import type { ProgramSettings } from "../config/settings.ts";
import type { Desired, State } from "../state/states.ts";

/*
 * One program, as usrsvcd sees it.
 *
 * It begins *unknown*. The first look decides. With a process, the program is *running* (adopted).
 * Without one it is *starting* if autostart is set, or if it was seen running in this boot, was not
 * stopped by an operator, and autorestart is set; otherwise it is *stopped*.
 *
 * A start that succeeds makes it *running*. One that fails counts as a failure: after maxrestarts
 * of them in a row (since it was last seen running) it is *fatal*, before that in *backoff*. The
 * pause is restart_delay. With maxrestarts 0 it grows: from restart_delay or 1 s, doubling, up to
 * 60 s; it starts over only after the program has run for a minute.
 *
 * A running program whose process is gone is started again at once if autorestart is set. The third
 * time in a row that this happens within a minute of its start is a failure, too: it goes to
 * *backoff*, for 1 s, doubling, up to 60 s. So does a program that was ended for a limit that soon.
 *
 * A running program that exceeds a limit of its monitor is *stopping*: it is ended, and started
 * again when it is gone. One that cannot be ended stays *stopping*, and is tried again now and then.
 *
 * *fatal* and *stopped* ask for nothing. Both are left when a process is seen, whoever started it,
 * and when an operator's start is on record that did not succeed; *stopped* also when the setting
 * that keeps it down, autostart or autorestart, has been switched on. An operator's stop (desired
 * "down") makes any state *stopped*. A disabled program is never started.
 *
 * Time and chance are facts like any others: nothing here reads a clock.
 */

/** The states are those that a record has and a user sees; before the first look it is none of them. */
interface In<Kind extends State | "unknown"> {
  readonly kind: Kind;
}

/** Where it stands, with what is known of it there. */
export type ProgramState =
  | In<"unknown">
  | (In<"stopped"> & { readonly why: WhyStopped })
  | In<"starting">
  | (In<"running"> & { readonly process: ProcessRef; readonly since: number })
  | (In<"stopping"> & {
      readonly process: ProcessRef;
      readonly reason: string;
      /** Since when it ran. */
      readonly since: number;
    })
  | (In<"backoff"> & { readonly until: number; readonly reason: string })
  | (In<"fatal"> & { readonly reason: string });

/** What keeps it down: an operator, `enabled`, `autorestart` or `autostart`. */
export type WhyStopped = "asked" | "disabled" | "ended" | "not-started";

/** What outlasts the states. */
export interface History {
  /** Failed starts since the program was last seen running. */
  readonly failures: number;
  /** Steps of the growing pause. */
  readonly streak: number;
  /** Automatic restarts. */
  readonly restarts: number;
  /** Deaths in a row, each of them within a minute of the start. */
  readonly early: number;
}

export type ProgramEvent =
  /** A look: the truth as of now. */
  | {
      readonly kind: "observed";
      readonly process: ProcessRef | undefined;
      readonly desired: Desired;
      /** The record says that it ran in this boot. */
      readonly ranBefore: boolean;
      /** An operator's start is on record that was not dealt with yet. */
      readonly startedByHand: boolean;
      /** What the record says of why it is down. */
      readonly reason?: string | undefined;
      /** How it ended, when that is known and news. */
      readonly exit: Exit | undefined;
    }
  | { readonly kind: "started"; readonly process: ProcessRef }
  | { readonly kind: "start-failed"; readonly reason: string }
  /** A monitor saw too much, or too little, of this process. */
  | { readonly kind: "limit-exceeded"; readonly process: ProcessRef; readonly reason: string };

export type Effect =
  | { readonly kind: "start" }
  /** End it, since it exceeded a limit; then look. */
  | { readonly kind: "stop"; readonly process: ProcessRef; readonly reason: string }
  /** A process was found that was not started from here. */
  | { readonly kind: "take-up"; readonly process: ProcessRef }
  | { readonly kind: "note-death"; readonly process: ProcessRef; readonly exit: Exit | undefined }
  | { readonly kind: "note-stopped"; readonly why: WhyStopped }
  | { readonly kind: "back-off"; readonly delayMs: number; readonly reason: string }
  | { readonly kind: "give-up"; readonly reason: string }
  /** Look again at this time. */
  | { readonly kind: "wake"; readonly at: number };

/** The facts of the moment. */
export interface Context {
  readonly settings: Pick<
    ProgramSettings,
    "enabled" | "autostart" | "autorestart" | "maxrestarts" | "restartDelayMs"
  >;
  /** Monotonic, in ms. */
  readonly now: number;
  /** From 0 to 1: so that programs that failed together do not all come back at once. */
  readonly chance: number;
}

export interface Step {
  readonly state: ProgramState;
  readonly history: History;
  readonly effects: readonly Effect[];
}

export const noHistory: History = { failures: 0, streak: 0, restarts: 0, early: 0 };

/** A run of this length is stable: the growing pause begins anew. */
export const STABLE_MS = 60_000;
/** Number of early deaths in a row that are answered at once. */
export const EARLY_AT_ONCE = 2;
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;
/** Variation of the pause, up or down, as a fraction. */
const JITTER = 0.1;

/** The next state and what is to be done, given what happened. */
export function transition(
  state: ProgramState,
  history: History,
  event: ProgramEvent,
  context: Context,
): Step {
  switch (event.kind) {
    case "observed":
      return event.process === undefined
        ? absent(state, history, event, context)
        : present(state, history, event.process, context);
    case "started":
      return run(event.process, history, context, []);
    case "start-failed":
      return state.kind === "starting"
        ? fail(history, event.reason, context)
        : { state, history, effects: [] };
    case "limit-exceeded":
      return exceeded(state, history, event);
    default:
      return assertNever(event);
  }
}

/** Only the process that runs is meant: a violation may be told after its program was restarted. */
function exceeded(
  state: ProgramState,
  history: History,
  { process, reason }: ProgramEvent & { kind: "limit-exceeded" },
): Step {
  if (state.kind !== "running" || !sameProcess(state.process, process)) {
    return { state, history, effects: [] };
  }
  return {
    state: { kind: "stopping", process, reason, since: state.since },
    history,
    effects: [{ kind: "stop", process, reason }],
  };
}

function present(
  state: ProgramState,
  history: History,
  process: ProcessRef,
  context: Context,
): Step {
  if (state.kind === "running" && sameProcess(state.process, process)) {
    return { state, history, effects: [] };
  }
  if (state.kind === "stopping" && sameProcess(state.process, process)) {
    const { reason } = state;
    return { state, history, effects: [{ kind: "stop", process, reason }] };
  }
  return run(process, history, context, [{ kind: "take-up", process }]);
}

function run(
  process: ProcessRef,
  history: History,
  { now }: Context,
  effects: readonly Effect[],
): Step {
  return {
    state: { kind: "running", process, since: now },
    history: { ...history, failures: 0 },
    effects,
  };
}

function absent(
  state: ProgramState,
  history: History,
  event: ProgramEvent & { kind: "observed" },
  context: Context,
): Step {
  if (state.kind === "running") return died(state, history, event, context);
  if (state.kind === "stopping") return ended(state, history, event, context);
  if (!context.settings.enabled) return stopped(state, history, "disabled");
  if (event.desired === "down") return stopped(state, history, "asked");
  switch (state.kind) {
    case "unknown":
      return firstLook(state, history, event, context);
    case "stopped":
      return awaken(state, history, event, context);
    case "backoff":
      // The operator's start has taken the place of the one that was due, and begins a new count.
      if (event.startedByHand) {
        return fail({ ...history, failures: 0 }, startedInVain(event), context);
      }
      return context.now >= state.until
        ? begin({ ...history, restarts: history.restarts + 1 })
        : { state, history, effects: [{ kind: "wake", at: state.until }] };
    case "fatal":
      return event.startedByHand
        ? fail({ ...history, failures: 0 }, startedInVain(event), context)
        : { state, history, effects: [] };
    case "starting":
      return { state, history, effects: [] };
    default:
      return assertNever(state);
  }
}

function firstLook(
  state: ProgramState,
  history: History,
  event: ProgramEvent & { kind: "observed" },
  { settings }: Context,
): Step {
  const again = { ...history, restarts: history.restarts + 1 };
  if (settings.autostart) return begin(event.ranBefore ? again : history);
  if ((event.ranBefore || event.desired === "up") && settings.autorestart) {
    return begin(again);
  }
  return stopped(state, history, "not-started");
}

/** A stopped program stays so, unless its settings say otherwise by now, or an operator wants it up. */
function awaken(
  state: ProgramState & { kind: "stopped" },
  history: History,
  event: ProgramEvent & { kind: "observed" },
  context: Context,
): Step {
  const { autostart, autorestart } = context.settings;
  if (state.why === "disabled") return firstLook({ kind: "unknown" }, history, event, context);
  if (event.startedByHand && autorestart) return fail(history, startedInVain(event), context);
  if (state.why === "ended" && autorestart) {
    return begin({ ...history, restarts: history.restarts + 1 });
  }
  if (state.why === "not-started" && autostart) return begin(history);
  return { state, history, effects: [] };
}

function startedInVain({ reason }: ProgramEvent & { kind: "observed" }): string {
  const what = "started by hand, but it does not run";
  return reason === undefined ? what : `${what}: ${reason}`;
}

function died(
  state: ProgramState & { kind: "running" },
  history: History,
  event: ProgramEvent & { kind: "observed" },
  context: Context,
): Step {
  const { settings, now } = context;
  const note: Effect = { kind: "note-death", process: state.process, exit: event.exit };
  const after = afterRun(history, state.since, now);
  const end = (why: "asked" | "disabled" | "ended"): Step => {
    const step = stopped({ kind: "unknown" }, after, why);
    return { ...step, effects: [note, ...step.effects] };
  };
  if (event.desired === "down") return end("asked");
  if (!settings.enabled) return end("disabled");
  if (!settings.autorestart) return end("ended");
  const step = again(after, context);
  return { ...step, effects: [note, ...step.effects] };
}

/** A run of a minute is forgiven all that was before. */
function afterRun(history: History, since: number, now: number): History {
  return now - since >= STABLE_MS
    ? { ...history, early: 0, streak: 0 }
    : { ...history, early: history.early + 1 };
}

/** Started again: at once, or after a pause should it not last. */
function again(history: History, context: Context): Step {
  const { early } = history;
  return early > EARLY_AT_ONCE
    ? backOff(history, `it ended ${early} times in a row within a minute of its start`, context)
    : begin({ ...history, restarts: history.restarts + 1 });
}

/** Ended for its limit: started again whatever autorestart says, as 1.x does. */
function ended(
  state: ProgramState & { kind: "stopping" },
  history: History,
  event: ProgramEvent & { kind: "observed" },
  context: Context,
): Step {
  const note: Effect = { kind: "note-death", process: state.process, exit: event.exit };
  const stop =
    event.desired === "down" ? "asked" : context.settings.enabled ? undefined : "disabled";
  const after = afterRun(history, state.since, context.now);
  const step =
    stop === undefined ? again(after, context) : stopped({ kind: "unknown" }, after, stop);
  return { ...step, effects: [note, ...step.effects] };
}

function begin(history: History): Step {
  return { state: { kind: "starting" }, history, effects: [{ kind: "start" }] };
}

function stopped(state: ProgramState, history: History, why: WhyStopped): Step {
  const effects: readonly Effect[] =
    state.kind === "stopped" && state.why === why ? [] : [{ kind: "note-stopped", why }];
  return { state: { kind: "stopped", why }, history: { ...history, failures: 0 }, effects };
}

function fail(history: History, reason: string, context: Context): Step {
  const { settings } = context;
  const failures = history.failures + 1;
  const streak = history.streak + 1;
  const counted = { ...history, failures, streak };
  if (settings.maxrestarts > 0 && failures >= settings.maxrestarts) {
    return {
      state: { kind: "fatal", reason },
      history: counted,
      effects: [{ kind: "give-up", reason }],
    };
  }
  if (!settings.autorestart) {
    return {
      state: { kind: "stopped", why: "ended" },
      history: counted,
      effects: [{ kind: "note-stopped", why: "ended" }],
    };
  }
  return pause(counted, reason, pauseMs(streak, context), context);
}

/** It starts well and dies at once, over and over: the pauses grow, whatever maxrestarts says. */
function backOff(history: History, reason: string, context: Context): Step {
  const nth = history.early - EARLY_AT_ONCE;
  return pause(history, reason, growingPauseMs(nth, context), context);
}

function pause(history: History, reason: string, delayMs: number, { now }: Context): Step {
  const until = now + delayMs;
  return {
    state: { kind: "backoff", until, reason },
    history,
    effects: [
      { kind: "back-off", delayMs, reason },
      { kind: "wake", at: until },
    ],
  };
}

/** The pause before the next try. */
export function pauseMs(streak: number, context: Context): number {
  const { maxrestarts, restartDelayMs } = context.settings;
  return maxrestarts > 0 ? restartDelayMs : growingPauseMs(streak, context);
}

function growingPauseMs(streak: number, { settings, chance }: Context): number {
  const { restartDelayMs } = settings;
  const first = restartDelayMs > 0 ? restartDelayMs : FIRST_PAUSE_MS;
  const longest = Math.max(LONGEST_PAUSE_MS, restartDelayMs);
  const grown = Math.min(longest, first * 2 ** Math.min(streak - 1, 30));
  return Math.round(grown * (1 + JITTER * (2 * chance - 1)));
}
