import { failed, inVain, isAnswered, isSuccess, startedInVain } from "./deaths.ts";
import { again, begin, stay, stopped, succeeded } from "./moves.ts";
import type {
  Context,
  History,
  Observed,
  ProgramState,
  StartCause,
  Step,
} from "./program-state.ts";

/*
 * What the machine (machine.ts) answers to a look that shows no process of a program of which it knows none.
 */

/** What comes of the first look at a program without a process, and of one that is enabled again. */
export function firstLook(
  state: ProgramState & { kind: "unknown" | "stopped" },
  history: History,
  event: Observed,
  context: Context,
): Step {
  const { settings } = context;
  if (settings.type === "job" && state.kind === "unknown" && state.cause !== undefined) {
    return begin(history, state.cause);
  }
  if (isSuccess(event, context)) return succeeded(state, history, context);
  if (event.retryMs !== undefined && settings.retryAfterMs > 0 && !event.startedByHand) {
    return wasGivenUp(history, event.retryMs, event, context);
  }
  if (settings.type === "job" && event.ranBefore) {
    return settings.autorestart === "on-failure"
      ? begin(again(history), causeAtFirst(state, history, event))
      : stopped(state, history, "ended");
  }
  const isResumed = event.ranBefore || event.desired === "up";
  if (settings.autostart) {
    return begin(event.ranBefore ? again(history) : history, causeAtFirst(state, history, event));
  }
  if (isResumed && settings.autorestart) {
    return begin(again(history), causeAtFirst(state, history, event));
  }
  return stopped(state, history, "not-started");
}

/** By an earlier usrsvcd. A clock that was set makes no time longer than it was to be. */
function wasGivenUp(
  history: History,
  retryMs: number,
  { reason = "" }: Observed,
  { settings, now }: Context,
): Step {
  if (retryMs <= 0) return begin(again(history), { kind: "retry" });
  const { retryAfterMs: afterMs } = settings;
  const at = now + Math.min(retryMs, afterMs);
  const state: ProgramState = { kind: "fatal", reason, retry: { afterMs, at } };
  const effects = [
    { kind: "note-retry", retryMs: at - now } as const,
    { kind: "wake", at } as const,
  ];
  return { state, history, effects };
}

function causeAtFirst(
  state: ProgramState & { kind: "unknown" | "stopped" },
  { failures }: History,
  { diedUnseen, ranBefore, desired }: Observed,
): StartCause {
  if (state.kind === "unknown" && state.cause !== undefined) return state.cause;
  if (diedUnseen) return { kind: "death" };
  if (failures > 0) return { kind: "retry" };
  if (ranBefore) return { kind: "resumed" };
  return desired === "up" ? { kind: "operator" } : { kind: "autostart" };
}

/** A stopped program stays so, unless its settings say otherwise by now, or an operator wants it up. */
export function awaken(
  state: ProgramState & { kind: "stopped" },
  history: History,
  event: Observed,
  context: Context,
): Step {
  const { autostart, autorestart } = context.settings;
  if (state.why === "disabled" || state.why === "held")
    return firstLook(state, history, event, context);
  if (event.startedByHand && context.settings.type === "job") {
    return inVain(history, event, context);
  }
  if (event.startedByHand && autorestart !== false) {
    return failed(history, { ...event, reason: startedInVain(event) }, context);
  }
  const hasEnded = state.why === "ended" || state.why === "succeeded";
  if (hasEnded && isAnswered(event, context)) {
    return begin(again(history), { kind: history.failures > 0 ? "retry" : "death" });
  }
  if (state.why === "not-started" && autostart) return begin(history, { kind: "autostart" });
  return stay(state, history);
}

/** A job that is done stays so, unless an operator has run it since, or it is none any more. */
export function stayDone(
  state: ProgramState & { kind: "done" },
  history: History,
  event: Observed,
  context: Context,
): Step {
  if (context.settings.type !== "job") {
    return firstLook({ kind: "unknown" }, history, event, context);
  }
  return event.startedByHand && !isSuccess(event, context)
    ? inVain(history, event, context)
    : stay(state, history);
}
