/**
 * Paths of the control groups of a process, from `/proc/<pid>/cgroup` (cgroups(7)): one line
 * `0::/user.slice/…` with version 2, one for each hierarchy with version 1.
 */
export function parseCgroup(text: string): readonly string[] {
  const paths = text.split("\n").flatMap((line) => /^\d+:[^:]*:(\/.*)$/.exec(line)?.[1] ?? []);
  return [...new Set(paths)];
}
