import { sameProcess, type ProcessRef } from "../../../proc/pid.ts";
import { callAt, monotonicMs } from "../../lib/clock.ts";
import type { Program } from "../../identity/program.ts";
import { describeWait } from "../../lifecycle/readiness.ts";
import { ResumedWait } from "../../lifecycle/resumed-wait.ts";
import type { StartFailure } from "../../lifecycle/start-outcome.ts";
import type { ProgramRecord } from "../../state/record.ts";
import type { Operation } from "../operation.ts";
import { Overtaken, StartWindow } from "./start-window.ts";

/** Time between two looks whether it still runs, in ms. */
const LOOK_MS = 200;

/**
 * Whoever started the program was killed before it was ready: waits for the rest of its window. Undefined: it is ready, or
 * nothing is to be waited for; `note`: it is taken as it is; `gone`: it has ended; what has overtaken it: an operator's stop.
 *
 * @throws the reason of the signal
 */
export async function finishStart(
  program: Program,
  record: ProgramRecord,
  process: ProcessRef,
  { host, signal, onProgress }: Operation,
): Promise<StartFailure | "gone" | Overtaken | { readonly note: string } | undefined> {
  const { settings, name } = program;
  if (settings?.ready === undefined || record.state !== "starting") return undefined;
  const { ready } = settings;
  using window = new StartWindow(signal, name, host);
  let wake = (): void => {};
  using wait = ResumedWait.of(settings, record, host, window.signal, () => {
    onProgress(name, describeWait(ready, wait?.reason));
    wake();
  });
  if (wait === undefined) return undefined;
  window.signal.addEventListener("abort", () => wake(), { once: true });
  while (!wait.isReady) {
    if (window.signal.reason instanceof Overtaken) return window.signal.reason;
    window.signal.throwIfAborted();
    if (!sameProcess(host.proc.alive(process.pid), process)) return "gone";
    if (wait.leftMs <= 0) {
      const { unheard: note } = wait;
      return note === undefined ? await wait.fail(process, signal) : { note };
    }
    await new Promise<void>((resolve) => {
      const cancel = callAt(monotonicMs() + Math.min(LOOK_MS, wait.leftMs), () => wake());
      wake = () => {
        cancel();
        resolve();
      };
    });
  }
  return undefined;
}
