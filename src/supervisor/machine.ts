import { type ProcessRef, sameProcess } from "../../proc/pid.ts";
import { assertNever } from "../lib/assert-never.ts";
import { died, ended, failed, inVain } from "./deaths.ts";
import { countAnew, startAnew } from "./backoff.ts";
import { exceeded, left, overlap } from "./end-causes.ts";
import { awaken, firstLook, stayDone } from "./first-look.ts";
import { held } from "./held.ts";
import { again, begin, callOff, DUE, lookLater, run, stay, stayGivenUp, stopped } from "./moves.ts";
import {
  type Context,
  type History,
  noHistory,
  type Observed,
  type ProgramEvent,
  type ProgramState,
  type Step,
} from "./program-state.ts";
import { inTurn, wait } from "./waits.ts";

/*
 * One program, as usrsvcd sees it.
 *
 * It begins *unknown*. The first look decides. With a process, the program is *running* (adopted).
 * Without one it is *starting* if autostart is set, or if it was seen running in this boot, was not
 * stopped by an operator, and autorestart is set; otherwise it is *stopped*. So it is where it ended
 * well in this boot, with autorestart = on-failure.
 *
 * A start that succeeds makes it *running*. One that fails counts as a failure: after maxrestarts
 * of them in a row (since it was last seen running) it is *fatal*, before that in *backoff*. The
 * pause is restart_delay. With maxrestarts 0 it grows: from restart_delay or 1 s, doubling, up to
 * restart_max_delay; it starts over only after the program has run for a minute.
 *
 * A running program whose process is gone is started again at once if autorestart is set; with
 * on-failure it is *stopped* instead where it ended well, as it is when a start ends so. The third
 * time in a row that this happens within a minute of its start is a failure, too: it goes to
 * *backoff*, for the same growing pause. So does a program that was ended for a limit that soon.
 *
 * With restart_window, maxrestarts counts the failed starts and the ends that were answered (but for a
 * limit) within that time, in a row or not: as many of them make it *fatal*.
 *
 * A running program that exceeds a limit of its monitor is *stopping*: it is ended, and started
 * again when it is gone; so is one that is due for a planned restart. One that cannot be ended stays *stopping*, and is tried again now and then.
 *
 * What would be started while something that it starts after is not ready is *waiting*, and started when
 * that is. A running program is ended as for a limit, and started again, when one of its restart_with was
 * restarted.
 *
 * *fatal* and *stopped* ask for nothing; with retry_after, a program that is *fatal* is tried again
 * after that time, and a usrsvcd that begins meanwhile keeps to it. Both are left when a process is seen, whoever started it,
 * and when an operator's start is on record that did not succeed; *stopped* also when the setting
 * that keeps it down, autostart or autorestart, has been switched on. An operator's stop (desired
 * "down") makes any state *stopped*. A disabled program is never started.
 *
 * A *job* is to end. When it has ended well, however soon, it is *done*: it is not started again for that, nor by a
 * usrsvcd that begins later in this boot. When it has not, that is a failure like a failed start, and answered with
 * on-failure only; so it is where a limit, or timeout, has ended it. When it is due by its schedule it is *starting*,
 * whatever came of the last run. Where that still runs, the time is left out (skip), or another run follows at once
 * (queue), or it is *stopping*, and started again when it is gone (kill).
 *
 * While an operator *holds* it, nothing is started and nothing ended, for whatever reason: what is seen is noted, and what
 * is down is *stopped* (held.ts). When that is over, all is as at the first look: what runs is kept, and what is down is
 * *unknown*.
 *
 * What could not be done for a reason that is none of the program's (a full disk) was not done: it
 * is *unknown* again, and looked at in a while. So is one that another configuration file has.
 *
 * Time and chance are facts like any others: nothing here reads a clock.
 */

/** True where the machine would stay as it is and ask for nothing: nobody need be kept waiting, then. */
export function isQuiet(
  state: ProgramState,
  history: History,
  event: ProgramEvent,
  context: Context,
): boolean {
  const step = transition(state, history, event, context);
  return step.state === state && step.history === history && step.effects.length === 0;
}

/** The next state and what is to be done, given what happened. Where nothing changes, it is the same value. */
export function transition(
  state: ProgramState,
  history: History,
  event: ProgramEvent,
  context: Context,
): Step {
  switch (event.kind) {
    case "taken-elsewhere":
      return { state: { kind: "unknown" }, history, effects: [lookLater(context)] };
    case "trouble":
      return troubled(state, history, event, context);
    case "released":
      return released(state, history);
    case "observed":
    case "started":
    case "start-failed":
    case "start-called-off":
    case "limit-exceeded":
    case "companion-restarted":
    case "stuck":
      return (context.isHeld ? held : free)(state, history, event, context);
    default:
      return assertNever(event);
  }
}

/** The same for a program that nobody holds. */
function free(
  state: ProgramState,
  history: History,
  event: Exclude<ProgramEvent, { kind: "taken-elsewhere" | "trouble" | "released" }>,
  context: Context,
): Step {
  switch (event.kind) {
    case "observed":
      return event.process === undefined
        ? inTurn(absent(state, history, event, context), event)
        : present(state, history, event, event.process, context);
    case "started":
      return run(event.process, history, context, []);
    case "start-failed":
      return state.kind === "starting" ? failed(history, event, context) : stay(state, history);
    case "start-called-off":
      return state.kind === "starting" ? callOff(state, history, context) : stay(state, history);
    case "limit-exceeded":
      return exceeded(state, history, event);
    case "companion-restarted":
      return left(state, history, event);
    case "stuck":
      return stay(state, history, [lookLater(context)]);
    default:
      return assertNever(event);
  }
}

/** As if it had just begun: what was counted before counts no more. */
function released(state: ProgramState, { restarts }: History): Step {
  const isUp = state.kind === "running" || state.kind === "stopping";
  return stay(isUp ? state : { kind: "unknown" }, { ...noHistory, restarts });
}

/** What was decided was not done: the next look begins anew. */
function troubled(
  state: ProgramState,
  history: History,
  { process, undo }: ProgramEvent & { kind: "trouble" },
  context: Context,
): Step {
  const effects = [lookLater(context)];
  if (process !== undefined) {
    return state.kind === "starting"
      ? run(process, history, context, effects)
      : stay(state, history, effects);
  }
  if (undo === undefined) return stay(state, history, effects);
  const hasCause =
    state.kind === "starting" || state.kind === "backoff" || state.kind === "waiting";
  const cause = hasCause ? state.cause : undefined;
  return { state: { kind: "unknown", cause }, history: undo, effects };
}

/** A time of its schedule has come. */
function isDue(event: Observed, { settings }: Context): boolean {
  return settings.type === "job" && event.isDue === true;
}

function present(
  state: ProgramState,
  history: History,
  event: Observed,
  process: ProcessRef,
  context: Context,
): Step {
  if (state.kind === "running" && sameProcess(state.process, process)) {
    return isDue(event, context) ? overlap(state, history, context) : stay(state, history);
  }
  if (state.kind === "stopping" && sameProcess(state.process, process)) {
    return stay(state, history, [{ kind: "stop", process, cause: state.cause }]);
  }
  return run(process, history, context, [{ kind: "take-up", process }]);
}

function absent(state: ProgramState, history: History, event: Observed, context: Context): Step {
  if (state.kind === "running") return died(state, history, event, context);
  if (state.kind === "stopping") return ended(state, history, event, context);
  if (!context.settings.enabled) return stopped(state, history, "disabled");
  if (event.desired === "down") return stopped(state, history, "asked");
  // What is about to be started answers to it; an operator's start in vain has taken the place of one that was waiting.
  const isUnderWay =
    state.kind === "starting" || (state.kind === "waiting" && !event.startedByHand);
  if (isDue(event, context) && !isUnderWay) {
    return begin(startAnew(countAnew(history)), DUE);
  }
  switch (state.kind) {
    case "unknown":
      return firstLook(state, history, event, context);
    case "stopped":
      return awaken(state, history, event, context);
    case "done":
      return stayDone(state, history, event, context);
    case "backoff":
      // The operator's start has taken the place of the one that was due, and begins a new count.
      if (event.startedByHand) return inVain(history, event, context);
      return context.now >= state.until
        ? begin(again(history), state.cause)
        : stay(state, history, [{ kind: "wake", at: state.until }]);
    case "fatal":
      return event.startedByHand
        ? inVain(history, event, context)
        : stayGivenUp(state, history, context);
    case "starting":
      return stay(state, history);
    case "waiting":
      return wait(state, history, event, context);
    default:
      return assertNever(state);
  }
}
