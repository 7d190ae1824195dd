import type { Exit } from "../../proc/exit.ts";
import type { ProgramSettings } from "../config/settings.ts";
import { endedByItself } from "../events/shown-exit.ts";
import type { ProgramRecord } from "./record.ts";

type Success = Pick<ProgramSettings, "successExit">;

/** True for an end that success_exit names. One that nobody saw is none: a start is the safer answer. */
export function isSuccess(exit: Exit | undefined, { successExit }: Success): boolean {
  if (exit?.kind === "code") return successExit.includes(exit.code);
  return exit?.kind === "signal" && successExit.includes(exit.signal);
}

/** True for a program that is down because it has ended by itself, as success_exit says, in this boot. */
export function hasEndedWell(record: ProgramRecord | undefined, settings: Success): boolean {
  if (record?.state === "done") return true;
  if (record?.state !== "stopped" || record.failures > 0) return false;
  const { exit, by, isOfEarlierBoot } = record.lastExit ?? {};
  if (isOfEarlierBoot === true) return false;
  return endedByItself(by) && isSuccess(exit, settings);
}

/**
 * True for a start that came to nothing because the program has ended as success_exit says. What leaves something
 * behind, or writes its own pidfile, went to the background: that was the end of its first process only.
 */
export function startEndedWell(
  { exit, hasLeft }: { readonly exit: Exit | undefined; readonly hasLeft?: boolean | undefined },
  settings: Success & Pick<ProgramSettings, "autopid"> & Partial<Pick<ProgramSettings, "type">>,
): boolean {
  if (settings.type === "job") return isSuccess(exit, settings);
  return hasLeft !== true && settings.autopid && isSuccess(exit, settings);
}

/** True for a program that has ended in this boot, however it did. */
export function hasEndedInThisBoot(record: ProgramRecord | undefined): boolean {
  const last = record?.lastExit;
  return last !== undefined && last.isOfEarlierBoot !== true;
}
