import { inVain } from "./deaths.ts";
import { begin, stay, stopped } from "./moves.ts";
import type { Context, History, Observed, ProgramState, Step } from "./program-state.ts";

/*
 * What the machine (machine.ts) answers where a program starts after something that is not ready.
 */

/** What would be started waits for what it starts after. */
export function inTurn(step: Step, { waitsFor }: Observed): Step {
  const { state, effects } = step;
  if (waitsFor === undefined || state.kind !== "starting") return step;
  if (!effects.some(({ kind }) => kind === "start")) return step; // it is being started
  return {
    ...step,
    state: { kind: "waiting", cause: state.cause, wait: waitsFor },
    effects: effects.map((effect) => {
      if (effect.kind === "start") return { kind: "note-waiting", wait: waitsFor, isNews: true };
      return effect.kind === "note-death" ? { ...effect, next: "pause" } : effect;
    }),
  };
}

/** A look at one that waits. */
export function wait(
  state: ProgramState & { kind: "waiting" },
  history: History,
  event: Observed,
  context: Context,
): Step {
  if (event.startedByHand) {
    return inVain(history, event, context);
  }
  const { cause } = state;
  if (cause.kind === "autostart" && !context.settings.autostart) {
    return stopped(state, history, "not-started");
  }
  const { waitsFor } = event;
  if (waitsFor === undefined) return begin(history, cause);
  const isNews = waitsFor.what !== state.wait.what;
  if (!isNews && waitsFor.reason === state.wait.reason) return stay(state, history);
  const effects = [{ kind: "note-waiting", wait: waitsFor, isNews } as const];
  return { state: { kind: "waiting", cause, wait: waitsFor }, history, effects };
}
