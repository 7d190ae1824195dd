import { ExitCode } from "../../exit-code.ts";
import type { Host } from "../../host/host.ts";
import { lookNow, type Program } from "../../identity/program.ts";
import { leftOfLast } from "../../lifecycle/stragglers.ts";
import { describeHold, type Hold } from "../../state/hold.ts";
import { readRemembered } from "../../state/remembered.ts";
import type { Act } from "./act.ts";
import { type ActionResult, SHARED_LOOK_MS } from "../operation.ts";
import type { PlannedStep } from "../order-plan.ts";

/*
 * What a command leaves as it is, and says so. A hold binds usrsvcd, not people: who names a program acts on it. But who
 * names all programs, or another, does not mean to start what somebody holds.
 */

/** With `all`, what is disabled, or cannot be reloaded, is skipped and reported; it does not affect the exit code. */
export function leftOut(
  program: Program,
  { names, action, isRemembered }: Act,
  host: Host,
): ActionResult | undefined {
  const { name, enabled, settings } = program;
  const isNamed = names.length > 0 && (isRemembered !== true || action !== "start");
  if (isNamed || (action === "stop" && (enabled || mayRun(program, host)))) {
    return undefined;
  }
  const base = { program: name, action, code: ExitCode.ok } as const;
  if (!enabled) return { ...base, result: "disabled", message: "skipped: it is disabled" };
  if (action !== "reload" || settings === undefined || settings.reload !== undefined)
    return undefined;
  return { ...base, result: "unset", message: "skipped: reload is not set" };
}

/** True unless it is known that nothing of it runs. */
function mayRun(program: Program, host: Host): boolean {
  const { record, found } = lookNow(program, host, { maxAgeMs: SHARED_LOOK_MS });
  if (found.kind === "running") return true;
  if (record === undefined) return false;
  return record.state !== "stopped" || leftOfLast(record, host).length > 0;
}

/** What is not started or restarted, because it is held. */
export function heldBack(
  { name }: Program,
  { action, because }: PlannedStep,
  act: Act,
  hold: Hold,
  host: Host,
): ActionResult | undefined {
  if (action !== "start" && action !== "restart") return undefined;
  if (because === undefined && isMeant(name, act, hold, host)) return undefined;
  const who = describeHold(hold, Date.now());
  const message = `skipped: ${who}; usrsvc ${action} ${name} does it all the same`;
  return { program: name, action, result: "skipped", code: ExitCode.ok, message };
}

/** True for what an operator has named, or has stopped with --remember while it was held as well. */
function isMeant(
  name: string,
  { names, isRemembered }: Act,
  { since }: Hold,
  { state, config }: Host,
): boolean {
  if (names.length === 0) return false;
  if (isRemembered !== true) return true;
  const one = readRemembered(state, config).find(({ program }) => program === name);
  return one === undefined || Date.parse(since) <= Date.parse(one.at);
}

/** True for what did not run because it was held when it was stopped with --remember. */
export function wasHeld(
  { name }: Program,
  { action }: PlannedStep,
  { isRemembered }: Act,
  { state, config }: Host,
): boolean {
  if (action !== "start" || isRemembered !== true) return false;
  return readRemembered(state, config).some((one) => one.program === name && one.wasHeld === true);
}

/** What is said below the result of an action on a program that is held. */
export function heldNote({ name }: Program, hold: Hold): string {
  return `it is ${describeHold(hold, Date.now())}; the hold stays: usrsvcd leaves it as it is until usrsvc release ${name}`;
}
