import type { Dependencies } from "../../config/dependencies.ts";
import { ExitCode } from "../../exit-code.ts";
import type { Program } from "../../identity/program.ts";
import type { ActionResult } from "../operation.ts";
import { type PlanFacts, type PlannedStep, stoppedAlong } from "../order-plan.ts";
import type { Act } from "./act.ts";

/** What a program is acted on among. */
export interface Among {
  readonly act: Act;
  /** Those that are named, by their names. */
  readonly named: ReadonlyMap<string, Program>;
  readonly order: Dependencies;
  readonly facts: PlanFacts;
  /** Of those whose turn came before, or will have come. */
  readonly results: ReadonlyMap<string, Promise<ActionResult>>;
}

/** Why a program is not acted on: what comes before it has failed, or what needs it would be left behind. Undefined: it is. */
export async function refuseAmongOthers(
  { name, settings }: Program,
  { action, after }: PlannedStep,
  { act, named, order, facts, results }: Among,
): Promise<ActionResult | undefined> {
  const base = { program: name, action, result: "failed", code: ExitCode.failure } as const;
  const not = act.isDryRun === true ? "would not be" : "not";
  if (action === "stop" && act.isAlone) {
    const users = [...stoppedAlong([name], order, facts).keys()];
    const left = users.filter((user) => !named.has(user));
    if (left.length === 0) return undefined;
    const message = `${not} stopped: ${left.join(", ")} would be left without it; usrsvc stop ${name} stops all`;
    return { ...base, message };
  }
  if (settings === undefined && action !== "stop") return undefined; // its errors are the reason
  const needs = new Set(action === "stop" ? order.neededBy(name) : after);
  for (const one of after) {
    const result = await results.get(one);
    if (result === undefined || !needs.has(one)) continue;
    if (result.result === "skipped" && !facts.isUp(one)) {
      const message = `${not} ${action}ed: ${one}, which it needs, does not run: ${result.message}`;
      return { ...base, message };
    }
    if (result.code === ExitCode.ok) continue;
    const what =
      action === "stop"
        ? `${not} stopped: ${one}, which needs it, could not be stopped`
        : `${not} ${action}ed: ${one}, which it starts after, could not be ${result.action}ed`;
    return { ...base, message: what };
  }
  return undefined;
}
