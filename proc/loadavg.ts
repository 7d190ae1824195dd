/**
 * The pid that was assigned last in our pid namespace: field 5 of `/proc/loadavg`
 * (proc_loadavg(5)). While it stays the same, no process has been created.
 */
export function parseLastPid(text: string): number | undefined {
  const value = Number.parseInt(text.slice(text.lastIndexOf(" ") + 1), 10);
  return Number.isNaN(value) ? undefined : value;
}
