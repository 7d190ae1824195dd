import type { Exit } from "../../proc/exit.ts";
import { describeExit } from "../lib/describe-exit.ts";
import { formatDuration } from "../lib/format.ts";
import type { ProgramRecord } from "./record.ts";

/** What became of a run of a job: `exited with code 0, after 3 s`. */
export function describeRun(exit: Exit, tookMs: number): string {
  return `${describeExit(exit)}, after ${formatDuration(tookMs)}`;
}

/** The same of one that was ended: `ran for longer than timeout (3 s); ended after 3 s`. */
export function describeEnded(why: string, tookMs: number): string {
  return `${why}; ended after ${formatDuration(tookMs)}`;
}

/** The same of the last one on record, which ended by itself. */
export function describeDone({ lastExit }: Pick<ProgramRecord, "lastExit">): string {
  const { exit = { kind: "unknown" }, tookMs } = lastExit ?? {};
  return tookMs === undefined ? describeExit(exit) : describeRun(exit, tookMs);
}
