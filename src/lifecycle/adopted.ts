import { sameProcess } from "../../proc/pid.ts";
import type { Found } from "../identity/found.ts";
import type { ProgramRecord } from "../state/record.ts";

/** Of an adopted process: the launch that made it, and what that launched. */
export function takenFrom(
  record: ProgramRecord | undefined,
  { process, launch, isFree }: Found & { readonly kind: "running" },
): Pick<ProgramRecord, "launch" | "launched"> {
  if (launch !== undefined) return { launch, launched: process };
  // What stands beside it in its session is somebody else's as well.
  return { launch: record?.launch, launched: isFree === true ? undefined : record?.launched };
}

/**
 * How the launch was made from which a process comes that takes the place of the one on record (an upgrade
 * from within): with the settings of that. Of what somebody else has started nobody knows.
 */
export function madeAs(
  record: ProgramRecord | undefined,
  { process, launch, isFree }: Found & { readonly kind: "running" },
): Pick<ProgramRecord, "digest" | "launcher"> {
  const isOfLaunch = record?.launched !== undefined && launch === undefined && isFree !== true;
  if (isOfLaunch || sameProcess(record?.process, process)) {
    return { digest: record?.digest, launcher: record?.launcher };
  }
  return { digest: undefined, launcher: undefined };
}
