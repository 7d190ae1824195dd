import type { ProgramState } from "../supervisor/program-state.ts";

/** For `systemctl status`: `12 running, 1 backing off; set aside: web`. */
export function describeCounts(
  counts: ReadonlyMap<ProgramState["kind"], number>,
  setAside: readonly string[] = [],
): string {
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
  const all = parts.length === 0 ? "no programs" : parts.join(", ");
  return setAside.length === 0 ? all : `${all}; set aside: ${setAside.join(", ")}`;
}
