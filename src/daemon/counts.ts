import type { ProgramState } from "../supervisor/program-state.ts";

/** In this order: what runs comes first, then what may need somebody. */
const words: Record<ProgramState["kind"], string> = {
  running: "running",
  starting: "starting",
  stopping: "stopping",
  waiting: "waiting",
  backoff: "backing off",
  fatal: "given up",
  done: "done",
  stopped: "stopped",
  unknown: "unknown",
};

/** For `systemctl status`: `12 running, 1 backing off; set aside: web`. */
export function describeCounts(
  counts: ReadonlyMap<ProgramState["kind"], number>,
  setAside: readonly string[] = [],
): string {
  const parts = Object.entries(words)
    .map(([kind, word]) => ({ count: counts.get(kind as ProgramState["kind"]), word }))
    .filter(({ count }) => count !== undefined)
    .map(({ count, word }) => `${count} ${word}`);
  const all = parts.length === 0 ? "no programs" : parts.join(", ");
  return setAside.length === 0 ? all : `${all}; set aside: ${setAside.join(", ")}`;
}
