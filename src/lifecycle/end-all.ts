import type { TableEntry } from "../identity/process-classifier.ts";
import { monotonicMs, sleep } from "../lib/clock.ts";
import type { LifecyclePorts } from "./ports.ts";
import { signalOne } from "./signal-one.ts";
import { patienceMs, stepAt, type StopStep, type StopSteps } from "./stop-plan.ts";

/**
 * Ends all that `look` shows, and looks again until it shows nothing: each gets the signal of a step once, the last one
 * as long as it lives.
 *
 * @returns what was there
 */
export async function endAll(
  look: () => readonly TableEntry[],
  steps: StopSteps,
  host: LifecyclePorts,
  signal?: AbortSignal,
): Promise<readonly TableEntry[]> {
  const found = new Map<number, TableEntry>();
  const told = new Map<number, StopStep>();
  const last = steps.at(-1);
  const began = monotonicMs();
  for (let pauseMs = 2; ; pauseMs = Math.min(100, pauseMs * 2)) {
    const left = look();
    if (left.length === 0) break;
    const step = stepAt(steps, monotonicMs() - began);
    for (const one of left) {
      // One that is exiting shows no command line any more.
      if (one.argv.length > 0 || !found.has(one.ref.pid)) found.set(one.ref.pid, one);
      if (step !== last && told.get(one.ref.pid) === step) continue;
      told.set(one.ref.pid, step);
      signalOne(one.ref, step.signal, host);
    }
    if (monotonicMs() - began >= patienceMs(steps)) break;
    await sleep(pauseMs, signal);
  }
  return [...found.values()];
}
