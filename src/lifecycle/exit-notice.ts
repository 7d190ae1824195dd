import { sameProcess } from "../../proc/pid.ts";
import type { ProcReader } from "../../proc/reader.ts";
import type { ProcessHandle } from "../../proc/system/process-handle.ts";
import { within } from "../lib/clock.ts";

/** Longest delay between the end of a process and the notice of how it ended, in ms. */
const NOTICE_MS = 300;

/**
 * A look may find a process gone before the notice of its end has come: resolves when it is known how it
 * ended, and at once while the process lives.
 *
 * @returns true where it is gone
 * @throws the signal's reason
 */
export async function awaitNotice(
  handle: Pick<ProcessHandle, "ref" | "exited" | "look">,
  proc: Pick<ProcReader, "alive">,
  signal?: AbortSignal,
): Promise<boolean> {
  if (sameProcess(proc.alive(handle.ref.pid), handle.ref)) return false;
  handle.look();
  await within(handle.exited, NOTICE_MS, signal);
  return true;
}
