import { sameProcess } from "../../proc/pid.ts";
import { assertNever } from "../lib/assert-never.ts";
import { noteDeath, run, stay } from "./moves.ts";
import type {
  Context,
  History,
  Observed,
  ProgramEvent,
  ProgramState,
  Step,
} from "./program-state.ts";

/*
 * What the machine (machine.ts) answers while an operator holds the program: what happens is noted, and nothing is
 * started or ended. What is down is *stopped* then, whatever it was before.
 */

/** What is answered by all that follows: the program is as it is. */
type Answered = Exclude<ProgramEvent, { kind: "taken-elsewhere" | "trouble" | "released" }>;

/** The next state of a program that is held. */
export function held(
  state: ProgramState,
  history: History,
  event: Answered,
  context: Context,
): Step {
  switch (event.kind) {
    case "observed":
      return event.process === undefined
        ? heldDown(state, history, event)
        : heldUp(state, history, event, context);
    case "started":
      return run(event.process, history, context, []);
    case "start-failed":
    case "start-called-off":
      return state.kind === "starting" ? down(history) : stay(state, history);
    case "limit-exceeded":
    case "companion-restarted":
    case "stuck":
      return stay(state, history);
    default:
      return assertNever(event);
  }
}

function heldUp(
  state: ProgramState,
  history: History,
  { process }: Observed,
  context: Context,
): Step {
  if (process === undefined) return stay(state, history);
  const isKnown = state.kind === "running" || state.kind === "stopping";
  if (!isKnown || !sameProcess(state.process, process)) {
    return run(process, history, context, [{ kind: "take-up", process }]);
  }
  if (state.kind === "running") return stay(state, history);
  // It was told to end before, and did not: it is not told again.
  return stay({ kind: "running", process, since: state.since }, history);
}

function heldDown(state: ProgramState, history: History, event: Observed): Step {
  const stopped = down(history, event);
  if (state.kind === "running" || state.kind === "stopping") {
    const { effects, ...step } = noteDeath(state.process, event, stopped);
    return {
      ...step,
      effects: effects.map((one) => (one.kind === "note-death" ? { ...one, next: "held" } : one)),
    };
  }
  if (state.kind === "stopped" && state.why === "held") return stay(state, history);
  return event.diedUnseen ? stopped : down(history);
}

/** `event`: it has just ended, and that it stays down is news; not where an operator has stopped it. */
function down(history: History, event?: Observed): Step {
  const isNews = event !== undefined && event.desired !== "down";
  return {
    state: { kind: "stopped", why: "held" },
    history,
    effects: isNews ? [{ kind: "note-stopped", why: "held" }] : [],
  };
}
