import { stateTraits } from "../state/states.ts";
import type { ProgramStatus } from "./status.ts";

/** What comes next, as outlook.ts and job-outlook.ts word it, where that is a start by usrsvcd. */
const STARTS = /^usrsvcd (?:starts it|tries again|gave up.*, and tries again )/;

/**
 * True for a program that is down, and that nobody is about to start: who waits for it waits for a person. A test holds
 * it to what usrsvcd does.
 */
export function isLeftDown({
  state,
  pid,
  next = "",
  nextDueAt,
}: Pick<ProgramStatus, "state" | "pid" | "next" | "nextDueAt">): boolean {
  const { isUp, isToCome, isRight } = stateTraits[state];
  if (pid !== undefined || isUp || isToCome || isRight) return false;
  return nextDueAt === undefined && !STARTS.test(next);
}
