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

/**
 * The stricter question of `status NAME`: it runs, or is a job that is done, not due yet, or under way. A program that is
 * still starting does not run yet, and one that is being stopped will not for long, as `systemctl is-active` has it.
 */
export function isRunning(
  one: Pick<ProgramStatus, "state" | "nextDueAt" | "lastRun">,
  isJob: boolean,
): boolean {
  const isPassing = one.state === "starting" ? !isJob : one.state === "stopping";
  return isRight(one) && !isPassing;
}

/** True for one that is down, and should be, or may be: nobody has to do anything about it. */
export function isAtRest(one: ProgramStatus): boolean {
  return one.state === "stopped" && (!one.wanted || isRight(one));
}
