import { readlinkSync } from "node:fs";
import { ProcError } from "./error.ts";

/**
 * Makes sure that the /proc here is ours: in a PID namespace without a mount of its own (`unshare --pid` without
 * `--mount-proc`) it is that of the outer one, where each pid means another process (pid_namespaces(7)).
 *
 * @throws {ProcError} if it is another's, or none is mounted
 */
export function assertOwnProc(folder = "/proc"): void {
  let self: string | undefined;
  try {
    self = readlinkSync(`${folder}/self`);
  } catch (error) {
    const why = `cannot be read (${(error as NodeJS.ErrnoException).code}): is ${folder} mounted?`;
    throw new ProcError("denied", `${folder}/self`, why, { cause: error });
  }
  if (self === String(process.pid)) return;
  throw new ProcError(
    "malformed",
    `${folder}/self`,
    `says that this is process ${self || "unknown"}, but it is ${process.pid}: ${folder} belongs to another PID ` +
      "namespace; mount one for this namespace (mount -t proc proc /proc; unshare --mount-proc)",
  );
}
