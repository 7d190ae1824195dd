import type { ProgramState } from "../supervisor/machine.ts";

/** For `systemctl status`: `12 running, 1 backing off`. */
export function describeCounts(counts: ReadonlyMap<ProgramState["kind"], number>): string {
  const words = { backoff: "backing off", fatal: "given up", unknown: "unknown" } as const;
  const order = [
    "running",
    "starting",
    "stopping",
    "backoff",
    "fatal",
    "stopped",
    "unknown",
  ] as const;
  const parts = order
    .filter((kind) => counts.has(kind))
    .map(
      (kind) => `${counts.get(kind)} ${kind in words ? words[kind as keyof typeof words] : kind}`,
    );
  return parts.length === 0 ? "no programs" : parts.join(", ");
}
