/**
 * Parses `/proc/<pid>/environ` (proc_pid_environ(5)): what the process was given at its last exec, if
 * it has not overwritten it since. If a name occurs twice, the first one counts, as for
 * getenv(3). Empty for a moment in the middle of an exec.
 */
export function parseEnviron(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const line of text.split("\0")) {
    const at = line.indexOf("=");
    if (at <= 0) continue;
    const name = line.slice(0, at);
    if (!found.has(name)) found.set(name, line.slice(at + 1));
  }
  return found;
}
