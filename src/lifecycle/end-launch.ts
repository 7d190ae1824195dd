import { type ProcessRef, sameProcess } from "../../proc/pid.ts";
import type { StopSettings } from "../config/settings.ts";
import { type Launch, offspring } from "../identity/offspring.ts";
import type { TableEntry } from "../identity/process-classifier.ts";
import type { ProgramRecord } from "../state/record.ts";
import { endAll } from "./end-all.ts";
import type { LifecyclePorts } from "./ports.ts";
import { stop } from "./stop.ts";
import { stopSteps } from "./stop-plan.ts";

/**
 * Ends what is left of a program that does not run: workers of a dead master, a start that was broken off.
 *
 * @returns how many processes that were
 */
export async function endLeftOvers(
  record: ProgramRecord,
  settings: StopSettings,
  host: LifecyclePorts,
  signal?: AbortSignal,
): Promise<number> {
  const { process, launched, launch, session, image, state } = record;
  const target = { process: undefined, launched: launched ?? process, session, record };
  const outcome = await stop(target, settings, host, { signal });
  const count = outcome.kind === "stuck" ? 0 : outcome.leftBehind;
  if (state !== "starting" || launched === undefined) return count;
  const more = await endLaunch({ launch, launched, image }, [], settings, host, signal);
  return count + more.length;
}

/**
 * Ends all that stems from a launch, in whatever session it is by now. `seen`: what was seen of it, and may have lost
 * all signs since.
 *
 * @returns what was there besides the launched process itself
 */
export async function endLaunch(
  launch: Launch,
  seen: Iterable<ProcessRef>,
  settings: StopSettings,
  host: LifecyclePorts,
  signal?: AbortSignal,
): Promise<readonly TableEntry[]> {
  const known = new Map([...seen].map((ref) => [ref.pid, ref]));
  const look = (): readonly TableEntry[] => {
    const all = host.table.scan({ thorough: true });
    const stems = new Set(offspring(launch, all, host));
    return all.filter((one) => stems.has(one) || sameProcess(known.get(one.ref.pid), one.ref));
  };
  const found = await endAll(look, stopSteps(settings), host, signal);
  return found.filter(({ ref }) => ref.pid !== launch.launched.pid);
}
