import { stateTraits } from "../state/states.ts";
import type { ProgramStatus } from "./status.ts";

/**
 * True for a program that runs, or has done what it is for. A job that waits until it is due is right as well, unless its
 * last run has failed.
 */
export function isRight({
  state,
  nextDueAt,
  lastRun,
}: Pick<ProgramStatus, "state" | "nextDueAt" | "lastRun">): boolean {
  return stateTraits[state].isRight || (nextDueAt !== undefined && lastRun !== "failed");
}

/** True for one that is down, and should be, or may be: nobody has to do anything about it. */
export function isAtRest(one: ProgramStatus): boolean {
  return one.state === "stopped" && (!one.wanted || isRight(one));
}
