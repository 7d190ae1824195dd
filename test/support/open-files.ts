import { readFileSync } from "node:fs";
import { parseSoftOpenFiles } from "../../proc/limits.ts";

/** The soft limit of open files that a process has; undefined: unlimited. */
export function softOpenFiles(pid: number | "self"): number | undefined {
  return parseSoftOpenFiles(readFileSync(`/proc/${pid}/limits`, "utf8"));
}
