/** Number of pids that are shown of many that are alike. */
const MOST_PIDS = 8;

/** A group has a member at least. */
type Group<T> = readonly [T, ...T[]];

/** Neighbours of which the same is to be told, together; an empty key is like no other. */
export function groupsOf<T>(all: readonly T[], keyOf: (one: T) => string): readonly Group<T>[] {
  const groups: [T, ...T[]][] = [];
  let last = "";
  for (const one of all) {
    const key = keyOf(one);
    const group = key !== "" && key === last ? groups.at(-1) : undefined;
    if (group === undefined) groups.push([one]);
    else group.push(one);
    last = key;
  }
  return groups;
}

/** `12, 13 and 40 more`. */
export function shownPids(pids: readonly number[]): string {
  const left = pids.length - MOST_PIDS;
  const shown = pids.slice(0, MOST_PIDS).join(", ");
  return left > 0 ? `${shown} and ${left} more` : shown;
}
