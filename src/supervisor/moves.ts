import type { ProcessRef } from "../../proc/pid.ts";
import {
  CALLED_OFF_PAUSE_MS,
  countAnew,
  countFailure,
  earlyPauseMs,
  isTooMany,
  keepsEnding,
  pauseMs,
  startAnew,
  TROUBLE_PAUSE_MS,
} from "./backoff.ts";
import type {
  Context,
  Effect,
  History,
  Observed,
  ProgramState,
  StartCause,
  Step,
  WhyStopped,
} from "./program-state.ts";

/*
 * The moves of the machine (machine.ts): where each leads, and what it asks for.
 */

/** No move. */
export function stay(state: ProgramState, history: History, effects: readonly Effect[] = []): Step {
  return { state, history, effects };
}

/** In a while what failed may work. */
export function lookLater({ now }: Context): Effect {
  return { kind: "wake", at: now + TROUBLE_PAUSE_MS };
}

/** A process is there. */
export function run(
  process: ProcessRef,
  history: History,
  { now, settings }: Context,
  effects: readonly Effect[],
): Step {
  return {
    state: { kind: "running", process, since: now },
    // That a job runs says nothing yet.
    history: settings.type === "job" ? history : { ...history, failures: 0 },
    effects,
  };
}

/** The operator's stop comes first; the start is tried again in a moment. */
export function callOff(
  { cause }: ProgramState & { kind: "starting" },
  history: History,
  { now }: Context,
): Step {
  const until = now + CALLED_OFF_PAUSE_MS;
  return {
    state: { kind: "backoff", until, reason: "cancelled", cause },
    history,
    effects: [{ kind: "note-called-off" }, { kind: "wake", at: until }],
  };
}

/** A death comes before what follows from it. */
export function noteDeath(process: ProcessRef, { exit }: Observed, step: Step): Step {
  const next =
    step.state.kind === "starting" ? "start" : step.state.kind === "backoff" ? "pause" : "nothing";
  return { ...step, effects: [{ kind: "note-death", process, exit, next }, ...step.effects] };
}

/** Started again: at once, or after a pause should it not last. */
export function answerDeath(history: History, cause: StartCause, context: Context): Step {
  if (!keepsEnding(history)) return begin(again(history), cause);
  const reason = `it ended ${history.early} times in a row within a minute of its start`;
  const delayMs = earlyPauseMs(history, context);
  return pause(history, { reason, delayMs, cause: { kind: "death" } }, context);
}

/** An automatic restart is counted. */
export function again(history: History): History {
  return { ...history, restarts: history.restarts + 1 };
}

/** Why a job is started that is due. */
export const DUE: StartCause = { kind: "due", reason: "it is due (schedule)" };

/** It is started. */
export function begin(history: History, cause: StartCause): Step {
  return { state: { kind: "starting", cause }, history, effects: [{ kind: "start", cause }] };
}

/** It is down, and stays so; said once. */
export function stopped(state: ProgramState, history: History, why: WhyStopped): Step {
  const after = countAnew(history);
  return state.kind === "stopped" && state.why === why
    ? stay(state, after)
    : { state: { kind: "stopped", why }, history: after, effects: [{ kind: "note-stopped", why }] };
}

/** It ended well: a job is done, another stays down. */
export function succeeded(state: ProgramState, history: History, { settings }: Context): Step {
  if (settings.type !== "job") return stopped(state, history, "succeeded");
  return state.kind === "done"
    ? stay(state, countAnew(history))
    : {
        state: { kind: "done" },
        history: startAnew(countAnew(history)),
        effects: [{ kind: "note-done" }],
      };
}

/** A start has failed, or a job: tried again, or given up. */
export function fail(history: History, reason: string, context: Context): Step {
  const { settings } = context;
  if (settings.type === "job" && settings.autorestart === false) {
    return stopped({ kind: "unknown" }, history, "ended");
  }
  const counted = countFailure(history, context);
  if (isTooMany(counted, context)) return giveUp(counted, reason, context);
  if (settings.autorestart === false) {
    return {
      state: { kind: "stopped", why: "ended" },
      history: counted,
      effects: [{ kind: "note-stopped", why: "ended" }],
    };
  }
  const delayMs = pauseMs(counted.streak, context);
  return pause(counted, { reason, delayMs, cause: { kind: "retry" } }, context);
}

/** It is not tried any more, or only after retry_after. */
export function giveUp(history: History, reason: string, { settings, now }: Context): Step {
  const { retryAfterMs } = settings;
  if (retryAfterMs === 0) {
    return { state: { kind: "fatal", reason }, history, effects: [{ kind: "give-up", reason }] };
  }
  const at = now + retryAfterMs;
  return {
    state: { kind: "fatal", reason, retry: { afterMs: retryAfterMs, at } },
    history,
    effects: [
      { kind: "give-up", reason, retryMs: retryAfterMs },
      { kind: "wake", at },
    ],
  };
}

/** What was given up waits for its retry_after, which may have been changed since, and is tried then. */
export function stayGivenUp(
  state: ProgramState & { kind: "fatal" },
  history: History,
  { settings, now }: Context,
): Step {
  const { retryAfterMs: afterMs } = settings;
  const { retry } = state;
  if (afterMs === (retry?.afterMs ?? 0)) {
    if (retry === undefined) return stay(state, history);
    return now >= retry.at
      ? begin(again(startAnew(countAnew(history))), { kind: "retry" })
      : stay(state, history, [{ kind: "wake", at: retry.at }]);
  }
  if (afterMs === 0) {
    const effects = [{ kind: "note-retry", retryMs: undefined } as const];
    return { state: { kind: "fatal", reason: state.reason }, history, effects };
  }
  const at = (retry === undefined ? now : retry.at - retry.afterMs) + afterMs;
  return {
    state: { ...state, retry: { afterMs, at } },
    history,
    effects: [
      { kind: "note-retry", retryMs: Math.max(0, at - now) },
      { kind: "wake", at },
    ],
  };
}

function pause(
  history: History,
  { reason, delayMs, cause }: { reason: string; delayMs: number; cause: StartCause },
  { now }: Context,
): Step {
  const until = now + delayMs;
  return {
    state: { kind: "backoff", until, reason, cause },
    history,
    effects: [
      { kind: "back-off", delayMs, reason },
      { kind: "wake", at: until },
    ],
  };
}
