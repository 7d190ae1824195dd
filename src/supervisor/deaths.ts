import { countDeath, countEnd, isTooMany } from "./backoff.ts";
import { answerDeath, fail, giveUp, noteDeath, stopped } from "./moves.ts";
import type {
  Context,
  Ended,
  History,
  Observed,
  ProgramState,
  Step,
  WhyStopped,
} from "./program-state.ts";

/*
 * What the machine (machine.ts) answers to an end: of a process, or of a start.
 */

/** A start by hand is of no use, and begins a new count. */
export function inVain(history: History, event: Observed, context: Context): Step {
  const reason = startedInVain(event);
  return failed({ ...history, failures: 0 }, { ...event, reason }, context);
}

/** What ended well has not failed, however soon it did. */
export function failed(
  history: History,
  event: Ended & { readonly reason: string },
  context: Context,
): Step {
  return isSuccess(event, context)
    ? stopped({ kind: "unknown" }, history, "succeeded")
    : fail(history, event.reason, context);
}

/** True for an end that autorestart answers with a start. */
export function isAnswered(event: Ended, context: Context): boolean {
  return context.settings.autorestart !== false && !isSuccess(event, context);
}

/** True for one that it does not, because all went well. */
export function isSuccess({ endedWell = false }: Ended, { settings }: Context): boolean {
  return settings.autorestart === "on-failure" && endedWell;
}

/** Why an operator's start counts as a failure. */
export function startedInVain({ reason }: Observed): string {
  const what = "started by hand, but it does not run";
  return reason === undefined ? what : `${what}: ${reason}`;
}

/** Its process has ended, and nobody had asked for that here. */
export function died(
  state: ProgramState & { kind: "running" },
  history: History,
  event: Observed,
  context: Context,
): Step {
  const after = countDeath(history, context.now - state.since);
  const why = whyNotAgain(event, context);
  const step =
    why === undefined
      ? diedAgain(countEnd(after, context), context)
      : stopped({ kind: "unknown" }, after, why);
  return noteDeath(state.process, event, step);
}

/** A death is answered, unless there were too many within restart_window. */
function diedAgain(history: History, context: Context): Step {
  if (!isTooMany(history, context)) return answerDeath(history, { kind: "death" }, context);
  return giveUp(history, "it ended too often within restart_window", context);
}

/** Why it is not started again, if it is not. */
function whyNotAgain(event: Observed, context: Context): WhyStopped | undefined {
  if (event.desired === "down") return "asked";
  if (!context.settings.enabled) return "disabled";
  if (isAnswered(event, context)) return undefined;
  return isSuccess(event, context) ? "succeeded" : "ended";
}

/** Ended for a limit, or with another: started again whatever autorestart says, as 1.x does. */
export function ended(
  state: ProgramState & { kind: "stopping" },
  history: History,
  event: Observed,
  context: Context,
): Step {
  const { cause, since } = state;
  // That it was planned, or that another was restarted, is no sign that this one is ill.
  const isWell = cause.kind === "with" || cause.isPlanned === true;
  const after = isWell ? history : countDeath(history, context.now - since);
  const why: WhyStopped | undefined =
    event.desired === "down" ? "asked" : context.settings.enabled ? undefined : "disabled";
  const step =
    why === undefined
      ? answerDeath(after, cause, context)
      : stopped({ kind: "unknown" }, after, why);
  return noteDeath(state.process, event, step);
}
