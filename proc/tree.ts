/** A process and its parent, as `/proc/<pid>/stat` has them. */
export interface Kin {
  readonly pid: number;
  readonly ppid: number;
}

/** True when `pid` is a child, grandchild ... of `ancestor`, by the parents that `parentOf` gives. */
export function isDescendant(
  pid: number,
  ancestor: number,
  parentOf: (pid: number) => number | undefined,
): boolean {
  let current = parentOf(pid);
  // A pid that is reused while we read could close a circle: more steps than this are not a tree.
  for (let steps = 0; current !== undefined && current > 1 && steps < 1000; steps += 1) {
    if (current === ancestor) return true;
    current = parentOf(current);
  }
  return false;
}

/** Of `members`, those that do not descend from another member: the workers are left out. */
export function tops<T extends Kin>(
  members: readonly T[],
  parentOf: (pid: number) => number | undefined,
): readonly T[] {
  return members.filter(
    (one) => !members.some((other) => other !== one && isDescendant(one.pid, other.pid, parentOf)),
  );
}
