import type { ProcessRef } from "../../proc/pid.ts";
import { isDescendant, tops } from "../../proc/tree.ts";
import { candidates } from "./candidates.ts";
import type { Pattern } from "./match.ts";
import type { TableEntry } from "./process-classifier.ts";

/** The matches that are no descendants of others, the oldest first. */
export function topMatches(
  matching: readonly TableEntry[],
  all: readonly TableEntry[],
): readonly TableEntry[] {
  if (matching.length < 2) return matching;
  const parents = new Map(all.map((one) => [one.ref.pid as number, one.ppid]));
  const kin = matching.map((entry) => ({ entry, pid: entry.ref.pid, ppid: entry.ppid }));
  return tops(kin, (pid) => parents.get(pid))
    .map(({ entry }) => entry)
    .sort((a, b) => a.ref.startTime - b.ref.startTime || a.ref.pid - b.ref.pid);
}

/** What does the work of a shell line: among the descendants of the shell, and in its session. */
export function workBelow(
  { pid }: ProcessRef,
  pattern: Pattern,
  all: readonly TableEntry[],
): ProcessRef | undefined {
  const matching = candidates(pattern, all).filter(({ argv }) => pattern.doesWork(argv));
  if (matching.length === 0) return undefined;
  const parents = new Map(all.map((one) => [one.ref.pid as number, one.ppid]));
  const below = matching.filter(
    ({ ref, session }) =>
      ref.pid !== pid && (session === pid || isDescendant(ref.pid, pid, (one) => parents.get(one))),
  );
  return topMatches(below, all)[0]?.ref;
}
