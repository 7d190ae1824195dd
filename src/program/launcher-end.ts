import type { Host } from "./host.ts";
import type { ProgramRecord } from "./record.ts";

/** A starter that was killed in the start window leaves the shell that waits for the program. */
export function endOrphanedLauncher(record: ProgramRecord | undefined, host: Host): void {
  const launcher = record?.launcher;
  if (launcher === undefined) return;
  using watch = host.watcher().open(launcher);
  watch?.signal("SIGKILL");
}
