import type { Check } from "../config/settings.ts";
import { sleep } from "../lib/clock.ts";
import { type CheckContext, type CheckResult, runCheck } from "./run-check.ts";

/** Time that one look may take, in ms. */
const LOOK_MS = 5000;
/** Pauses between the end of a look and the next one, in ms; then the last of them. */
const PAUSES_MS = [20, 50, 100, 200, 300, 500];
const LAST_PAUSE_MS = 1000;

/** Looks until a condition holds, one look at a time. */
export class CheckLoop implements Disposable {
  readonly #end = new AbortController();

  /** `onResult`: called after each look; the last one is that with which it holds. */
  constructor(check: Check, context: CheckContext, onResult: (result: CheckResult) => void) {
    void this.#run(check, context, onResult);
  }

  [Symbol.dispose](): void {
    this.#end.abort();
  }

  async #run(
    check: Check,
    context: CheckContext,
    onResult: (result: CheckResult) => void,
  ): Promise<void> {
    const { signal } = this.#end;
    for (let looks = 0; ; looks += 1) {
      const result = await runCheck(check, context, signal, LOOK_MS);
      if (signal.aborted) return;
      onResult(result);
      if (result.ok) return;
      try {
        await sleep(PAUSES_MS[looks] ?? LAST_PAUSE_MS, signal);
      } catch {
        return; // aborted
      }
    }
  }
}
