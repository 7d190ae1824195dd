import { type ProcessRef, sameProcess } from "../../proc/pid.ts";
import type { StopSettings } from "../config/settings.ts";
import { type Launch, offspring } from "../identity/lineage.ts";
import type { TableEntry } from "../identity/process-classifier.ts";
import { monotonicMs, sleep } from "../lib/clock.ts";
import type { ProgramRecord } from "../state/record.ts";
import type { LifecyclePorts } from "./ports.ts";
import { signalOne } from "./signal-one.ts";
import { stop } from "./stop.ts";
import { patienceMs, stepAt, type StopStep, stopSteps } from "./stop-plan.ts";

/**
 * Ends what is left of a program that does not run: workers of a dead master, a start that was broken off.
 *
 * @returns how many processes that were
 */
export async function endLeftOvers(
  { process, launched, launch, session, image, state }: ProgramRecord,
  settings: StopSettings,
  host: LifecyclePorts,
  signal?: AbortSignal,
): Promise<number> {
  const target = { process: undefined, launched: launched ?? process, session };
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
  const found = new Map<number, TableEntry>();
  const told = new Map<number, StopStep>();
  const steps = stopSteps(settings);
  const last = steps.at(-1);
  const began = monotonicMs();
  for (let pauseMs = 2; ; pauseMs = Math.min(100, pauseMs * 2)) {
    const all = host.table.scan({ thorough: true });
    const stems = new Set(offspring(launch, all, host));
    const left = all.filter(
      (one) => stems.has(one) || sameProcess(known.get(one.ref.pid), one.ref),
    );
    if (left.length === 0) break;
    const step = stepAt(steps, monotonicMs() - began);
    for (const one of left) {
      if (one.ref.pid !== launch.launched.pid) found.set(one.ref.pid, one);
      if (step !== last && told.get(one.ref.pid) === step) continue;
      told.set(one.ref.pid, step);
      signalOne(one.ref, step.signal, host);
    }
    if (monotonicMs() - began >= patienceMs(steps)) break;
    await sleep(pauseMs, signal);
  }
  return [...found.values()];
}
