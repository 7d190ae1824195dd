import { endianness } from "node:os";
import { decodeWaitStatus, type Exit } from "../exit.ts";
import type { Libc } from "./libc.ts";
import type { Pid } from "../pid.ts";

const little = endianness() === "LE";

/** Reaps this child of ours; `lives` while it does, `reaped` if it is not (or no longer) a child of ours. */
export function reapChild(libc: Pick<Libc, "reap">, pid: Pid): Exit | "lives" | "reaped" {
  const status = Buffer.alloc(4);
  const reaped = libc.reap(pid, status);
  if (reaped === 0) return "lives";
  if (reaped < 0) return "reaped";
  return decodeWaitStatus(little ? status.readInt32LE() : status.readInt32BE());
}
