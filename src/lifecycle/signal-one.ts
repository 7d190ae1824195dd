import type { ProcessRef } from "../../proc/pid.ts";
import type { ProcessHandle } from "../../proc/system/process-handle.ts";
import type { LifecyclePorts } from "./ports.ts";

/** Signals one process alone, if it is still there. */
export function signalOne(ref: ProcessRef, signal: NodeJS.Signals, host: LifecyclePorts): void {
  using watch = host.watcher().open(ref);
  if (watch !== undefined) signalWaking(watch, signal);
}

/** A stopped process would keep a signal until somebody wakes it; only SIGKILL needs no help. */
export function signalWaking(watch: ProcessHandle, signal: NodeJS.Signals): boolean {
  const isThere = watch.signal(signal);
  if (isThere && signal !== "SIGKILL") watch.signal("SIGCONT");
  return isThere;
}
