import { ProcError } from "./error.ts";

/**
 * The thread group of `/proc/<pid>/status` (proc_pid_status(5)): the process that a thread belongs to.
 *
 * @throws {ProcError} `malformed` when there is no such line
 */
export function parseThreadGroup(text: string, path = "status"): number {
  const word = /^Tgid:\s*(\d+)$/m.exec(text)?.[1];
  if (word === undefined) throw new ProcError("malformed", path, "no Tgid");
  return Number(word);
}
