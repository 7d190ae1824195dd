import { endingOf, type Pattern } from "./match.ts";
import type { TableEntry } from "./process-classifier.ts";

/** Of the last look only; a new one comes as another array. */
const indexes = new WeakMap<readonly TableEntry[], ReadonlyMap<string, readonly TableEntry[]>>();

/**
 * The processes that a pattern may match. One look serves all programs, so that thousands of them
 * must not each go through thousands of processes.
 */
export function candidates(pattern: Pattern, all: readonly TableEntry[]): readonly TableEntry[] {
  const { endings } = pattern;
  if (endings === undefined) return all;
  let index = indexes.get(all);
  if (index === undefined) {
    index = byEnding(all);
    indexes.set(all, index);
  }
  const known = index;
  return endings.flatMap((ending) => known.get(ending) ?? []);
}

function byEnding(all: readonly TableEntry[]): ReadonlyMap<string, readonly TableEntry[]> {
  const index = new Map<string, TableEntry[]>();
  for (const entry of all) {
    const ending = endingOf(entry.argv);
    const others = index.get(ending);
    if (others === undefined) index.set(ending, [entry]);
    else others.push(entry);
  }
  return index;
}
