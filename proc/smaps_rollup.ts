import { ProcError } from "./error.ts";

/** Memory of one process, in bytes. */
export interface SmapsRollup {
  readonly rssBytes: number;
  /** What would become free if the process ended: clean, dirty and huge private pages. */
  readonly privateBytes: number;
}

/**
 * Parses `/proc/<pid>/smaps_rollup` (Linux 4.14 and later; proc_pid_smaps(5)).
 *
 * A line reads `Private_Dirty:   5328 kB`, and the kernel's kB is 1024 bytes. A kernel thread or a
 * zombie has no such text: reading fails with ESRCH, which the reader, not this parser, reports.
 *
 * @throws {ProcError} `malformed` when there is no `Rss:` line
 */
export function parseSmapsRollup(text: string, path = "smaps_rollup"): SmapsRollup {
  const rss = kilobytes(text, "Rss");
  if (rss === undefined) throw new ProcError("malformed", path, "no Rss: line");
  const parts = ["Private_Clean", "Private_Dirty", "Private_Hugetlb"];
  const privateKb = parts.reduce((sum, name) => sum + (kilobytes(text, name) ?? 0), 0);
  return { rssBytes: rss * 1024, privateBytes: privateKb * 1024 };
}

function kilobytes(text: string, name: string): number | undefined {
  const at = text.indexOf(`\n${name}:`);
  if (at < 0) return undefined;
  const value = Number.parseInt(text.slice(at + name.length + 2), 10);
  return value >= 0 ? value : undefined;
}
