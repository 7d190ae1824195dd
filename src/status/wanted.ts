import type { Program } from "../identity/program.ts";
import { hasEndedInThisBoot, hasEndedWell } from "../state/ended-well.ts";
import type { RecordFile } from "../state/record-file.ts";
import type { StatusContext } from "./status-context.ts";

/** What of a program decides whether it should run. */
type Configured = Pick<Program, "name" | "enabled" | "settings">;

/**
 * Whether a program should run now (a job: should have run, or be due), which is what the exit code of `status` asks of
 * all: not while it is disabled, or an operator has stopped it, nor where autostart is off and nobody has started it in
 * this boot; nor what has ended well, where autorestart = on-failure. Where nothing can be known, because its settings or state_dir say nothing, it should.
 */
export function isWanted(
  { name, enabled, settings }: Configured,
  { record, isOfEarlierBoot }: Pick<RecordFile, "record" | "isOfEarlierBoot">,
  isRunning: boolean,
  { isForeign, isNeeded }: Pick<StatusContext, "isForeign" | "isNeeded">,
): boolean {
  if (!enabled) return false;
  if (isForeign === true) return true;
  if (record?.desired === "down") return false;
  if (isRunning || settings === undefined) return true;
  // Down by its own wish, and meant to be so.
  const isDone = settings.autorestart === "on-failure" && isOfEarlierBoot !== true;
  if (isDone && settings.type !== "job" && hasEndedWell(record, settings)) return false;
  if (settings.type === "job" && settings.schedule !== undefined) return true;
  if (settings.autostart || isNeeded?.(name) === true) return true;
  if (record === undefined || isOfEarlierBoot === true) return false;
  return record.desired === "up" || record.process !== undefined || hasEndedInThisBoot(record);
}
