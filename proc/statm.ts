import { ProcError } from "./error.ts";

/**
 * Resident memory of `/proc/<pid>/statm` (proc_pid_statm(5), field 2), in pages.
 *
 * Cheap: the kernel keeps the number. It is never smaller than the private memory.
 *
 * @throws {ProcError} `malformed` when there is no second number
 */
export function parseStatmResident(text: string, path = "statm"): number {
  const pages = Number.parseInt(text.split(" ", 2)[1] ?? "", 10);
  if (!(pages >= 0)) throw new ProcError("malformed", path, "no second number");
  return pages;
}
