import type { ProcessRef } from "../../proc/pid.ts";
import type { LifecyclePorts } from "./ports.ts";

/** One process alone; a stopped one would keep SIGTERM until somebody wakes it. */
export function signalOne(
  ref: ProcessRef,
  signal: "SIGTERM" | "SIGKILL",
  host: LifecyclePorts,
): void {
  using watch = host.watcher().open(ref);
  watch?.signal(signal);
  if (signal === "SIGTERM") watch?.signal("SIGCONT");
}
