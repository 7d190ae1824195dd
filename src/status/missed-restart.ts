import { type ProcessRef, sameProcess } from "../../proc/pid.ts";
import type { ProgramRecord } from "../state/record.ts";
import { readRecord } from "../state/record-file.ts";
import type { StatusContext } from "./status-context.ts";

/** Who restarts them in order has some time until it is told that one was left out, in ms. */
const IN_ORDER_MS = 5000;

/**
 * The programs of its `restart_with` whose process is younger than its own: they were restarted alone, or while no
 * usrsvcd ran, and it was not restarted with them. It may be meant so: it is told, and nothing is done about it.
 */
export function describeMissedRestarts(
  name: string,
  record: ProgramRecord | undefined,
  process: ProcessRef,
  { host, bootId, restartsWith }: StatusContext,
): readonly string[] {
  if (record?.state !== "running") return [];
  const missed = (restartsWith?.(name) ?? []).filter((companion) => {
    const theirs = readRecord(host.state, companion, bootId).record;
    if (theirs?.state !== "running" || theirs.process === undefined) return false;
    if (theirs.process.startTime <= process.startTime) return false;
    if (Date.now() - Date.parse(theirs.at) < IN_ORDER_MS) return false;
    return sameProcess(host.proc.alive(theirs.process.pid), theirs.process);
  });
  if (missed.length === 0) return [];
  const were = missed.length === 1 ? "was" : "were";
  return [
    `${missed.join(", ")} ${were} started after it, and it has not been restarted since (restart_with): usrsvc restart ${name}`,
  ];
}
