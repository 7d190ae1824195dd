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

/**
 * Real, effective, saved and file system user id of `/proc/<pid>/status`.
 *
 * @throws {ProcError} `malformed` when there is no such line
 */
export function parseUids(text: string, path = "status"): readonly number[] {
  const words = /^Uid:\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)$/m.exec(text)?.slice(1);
  if (words === undefined) throw new ProcError("malformed", path, "no Uid");
  return words.map(Number);
}

/** The file mode mask of `/proc/<pid>/status`; undefined before Linux 4.7. */
export function parseUmask(text: string): number | undefined {
  const word = /^Umask:\s*([0-7]+)$/m.exec(text)?.[1];
  return word === undefined ? undefined : Number.parseInt(word, 8);
}

/** The CPUs that a process may use, as `/proc/<pid>/status` lists them: `0,2-3`. */
export function parseCpus(text: string): string | undefined {
  return /^Cpus_allowed_list:\s*([\d,-]+)$/m.exec(text)?.[1];
}
