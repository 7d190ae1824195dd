import { isOlder, sameProcess } from "../../proc/pid.ts";
import { stay } from "./moves.ts";
import type {
  Context,
  EndCause,
  History,
  ProgramEvent,
  ProgramState,
  Step,
} from "./program-state.ts";

/*
 * What the machine (machine.ts) answers where a program that runs may have to be ended, and started again when it is
 * gone.
 */

/** A limit is exceeded. Only the process that runs is meant: a violation may be told after its program was restarted. */
export function exceeded(
  state: ProgramState,
  history: History,
  { process, limit }: ProgramEvent & { kind: "limit-exceeded" },
): Step {
  if (state.kind !== "running" || !sameProcess(state.process, process)) {
    return stay(state, history);
  }
  return endFor({ kind: "limit", ...limit }, state, history);
}

/** A program that it is restarted with was. One that was started since has met the new one already. */
export function left(
  state: ProgramState,
  history: History,
  { program, process }: ProgramEvent & { kind: "companion-restarted" },
): Step {
  if (state.kind !== "running" || !isOlder(state.process, process)) {
    return stay(state, history);
  }
  const reason = `${program} was restarted (restart_with)`;
  return endFor({ kind: "with", program, reason }, state, history);
}

/** It is due, and still runs. */
export function overlap(
  state: ProgramState & { kind: "running" },
  history: History,
  { settings }: Context,
): Step {
  if (settings.overlap === "kill") {
    const reason = "it is due again (overlap = kill)";
    return endFor({ kind: "due", reason }, state, history);
  }
  const isQueued = settings.overlap === "queue" && state.isQueued !== true;
  return isQueued
    ? stay({ ...state, isQueued }, history, [{ kind: "note-overlap", overlap: "queue" }])
    : stay(state, history, [{ kind: "note-overlap", overlap: "skip" }]);
}

function endFor(
  cause: EndCause,
  { process, since, isQueued }: ProgramState & { kind: "running" },
  history: History,
): Step {
  return {
    state: { kind: "stopping", process, cause, since, ...(isQueued && { isQueued }) },
    history,
    effects: [{ kind: "stop", process, cause }],
  };
}
