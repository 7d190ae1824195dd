import { readFileSync } from "node:fs";
import { procReader } from "../../proc/reader.ts";

/** Processes that follow something (`--follow`) with a home that begins so. */
export function followersIn(home: string): readonly number[] {
  const reader = procReader();
  return reader.pids().filter((pid) => {
    try {
      const environ = `\0${readFileSync(`/proc/${pid}/environ`, "utf8")}`;
      if (!environ.includes(`\0HOME=${home}`)) return false;
      return reader.alive(pid) !== undefined && reader.cmdline(pid).includes("--follow");
    } catch {
      return false; // gone
    }
  });
}
