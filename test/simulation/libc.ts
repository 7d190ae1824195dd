import { constants } from "node:os";
import type { Libc } from "../../proc/system/libc.ts";
import { actor } from "./actor.ts";

/** The calls of the C library that a simulation needs; any other would be undefined, and fail. */
const simulated: Partial<Libc> = {
  errno: () => actor()?.errno ?? 0,
  flock: (fd, operation) => {
    const done = actor()?.call("flock", [fd, operation]) as boolean;
    const who = actor();
    if (who !== undefined) who.errno = done ? 0 : constants.errno.EWOULDBLOCK;
    return done ? 0 : -1;
  },
  exchange: (path, other) => actor()?.call("exchange", [path, other]) as boolean,
  leaseAlone: () => true,
  hasAcl: () => false,
  makeBlocking: () => 0,
  setSession: () => 0,
  kill: (pid, signal) => {
    const who = actor();
    const isThere = who?.call("kill", [pid, signal]) as boolean;
    if (who !== undefined) who.errno = isThere ? 0 : constants.errno.ESRCH;
    return isThere ? 0 : -1;
  },
};

/** In the place of proc/system/libc.ts. */
export function libc(): Libc | undefined {
  return actor() === undefined ? undefined : (simulated as Libc);
}

/** Never asked for in a simulation. */
export function libcFailure(): string | undefined {
  return undefined;
}
