import { stateTraits } from "../state/states.ts";
import { STARTS_IT } from "./starts-it.ts";
import type { ProgramStatus } from "./status.ts";

/**
 * True for a program that is down, and that nobody is about to start: who waits for it waits for a person. A test holds
 * it to what usrsvcd does.
 */
export function isLeftDown({
  state,
  pid,
  next,
  nextTryAt,
  nextDueAt,
}: Pick<ProgramStatus, "state" | "pid" | "next" | "nextTryAt" | "nextDueAt">): boolean {
  const { isUp, isToCome, isRight } = stateTraits[state];
  if (pid !== undefined || isUp || isToCome || isRight) return false;
  return nextTryAt === undefined && nextDueAt === undefined && next !== STARTS_IT;
}
