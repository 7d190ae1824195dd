/**
 * The soft limit of open files of `/proc/<pid>/limits` (proc_pid_limits(5)); undefined if
 * unlimited or unknown.
 */
export function parseSoftOpenFiles(text: string): number | undefined {
  const match = /^Max open files\s+(\d+)/m.exec(text);
  return match?.[1] === undefined ? undefined : Number(match[1]);
}
