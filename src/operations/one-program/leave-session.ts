import type { Pid } from "../../../proc/pid.ts";
import { libc } from "../../../proc/system/libc.ts";
import type { Host } from "../../host/host.ts";
import type { ProgramRecord } from "../../state/record.ts";

/** The session that we are in, as far as it was read. */
let ourSession: number | undefined;

/**
 * Called by the program itself (a deploy hook), or from a terminal below it: we are not to be ended with
 * it in the middle.
 */
export function leaveSessionOf({ launched, session }: ProgramRecord, { proc }: Host): void {
  ourSession ??= proc.stat(process.pid as Pid).session;
  if (ourSession !== launched?.pid && ourSession !== session) return;
  libc()?.setSession();
  ourSession = undefined;
}
