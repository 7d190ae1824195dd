import { countDeath, countEnd, isTooMany } from "./backoff.ts";
import { answerDeath, begin, fail, DUE, giveUp, noteDeath, stopped, succeeded } from "./moves.ts";
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
    ? succeeded({ kind: "unknown" }, history, context)
    : fail(history, event.reason, context);
}

/** True for an end that autorestart answers with a start. */
export function isAnswered(event: Ended, context: Context): boolean {
  return context.settings.autorestart !== false && !isSuccess(event, context);
}

/** True for one that it does not, because all went well. */
export function isSuccess({ endedWell = false }: Ended, { settings }: Context): boolean {
  return (settings.autorestart === "on-failure" || settings.type === "job") && endedWell;
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
  if (context.settings.type === "job") {
    return noteDeath(state.process, event, jobEnded(state, after, event, context));
  }
  const why = whyNotAgain(event, context);
  const step =
    why === undefined
      ? diedAgain(countEnd(after, context), context)
      : stopped({ kind: "unknown" }, after, why);
  return noteDeath(state.process, event, step);
}

/** A job has ended by itself. */
function jobEnded(
  { isQueued }: ProgramState & { kind: "running" },
  history: History,
  event: Observed,
  context: Context,
): Step {
  if (event.desired === "down") return stopped({ kind: "unknown" }, history, "asked");
  if (!context.settings.enabled) return stopped({ kind: "unknown" }, history, "disabled");
  if (isQueued === true) return begin(history, DUE);
  if (isSuccess(event, context)) return succeeded({ kind: "unknown" }, history, context);
  return fail(history, event.how ?? "it has failed", context);
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
  const isWell = cause.kind !== "limit" || cause.isPlanned === true;
  const after = isWell ? history : countDeath(history, context.now - since);
  const why: WhyStopped | undefined =
    event.desired === "down" ? "asked" : context.settings.enabled ? undefined : "disabled";
  const step =
    why === undefined ? answerEnd(state, after, context) : stopped({ kind: "unknown" }, after, why);
  return noteDeath(state.process, event, step);
}

/** A job that was ended has failed, unless it was to make room for the next run. */
function answerEnd(
  { cause, isQueued }: ProgramState & { kind: "stopping" },
  history: History,
  context: Context,
): Step {
  if (context.settings.type !== "job") return answerDeath(history, cause, context);
  if (cause.kind !== "limit") return begin(history, cause);
  return isQueued === true ? begin(history, DUE) : fail(history, cause.reason, context);
}
