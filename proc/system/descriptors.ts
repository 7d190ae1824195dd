import { readdirSync } from "node:fs";
import type { Libc } from "./libc.ts";

/**
 * Descriptors of which a child has no copy even before its exec, which may hang: what they lock is
 * free when we end.
 */
export const uninherited: Set<number> = new Set();

/**
 * Keeps all descriptors but 0, 1 and 2 from the programs that are started next. Node opens its own
 * that way, but passes on what it inherited from a careless caller (a shell's `3<file`).
 */
export function sealDescriptors(libc: Libc): void {
  if (libc.closeOnExecFrom(3) === 0) return;
  for (const fd of readdirSync("/proc/self/fd")) {
    if (Number(fd) > 2) libc.closeOnExec(Number(fd)); // EBADF for the descriptor of this listing
  }
}
