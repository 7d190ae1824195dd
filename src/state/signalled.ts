import type { Exit } from "../../proc/exit.ts";
import type { ProcessRef } from "../../proc/pid.ts";
import { BY_SIGNAL } from "../events/shown-exit.ts";
import { historyTail } from "./history-tail.ts";
import type { StateDir } from "./state-dir.ts";

/*
 * What `usrsvc signal` has sent is in the history of the program before it arrives, so that whoever sees the end of
 * the process can tell by whom.
 */

const EVENT = "program.signalled";
/** An end so long after the signal, in ms, may have another cause. */
const MOST_MS = 60_000;

/** So many of the latest lines are looked at: its successor waits for that. */
const MOST_LINES = 16;

/** What of a line of the history tells of a signal. */
export interface SignalledLine {
  readonly level: "info";
  readonly event: typeof EVENT;
  readonly by: string;
  readonly signal: NodeJS.Signals;
  readonly pids: readonly number[];
  readonly [key: string]: unknown;
}

/** Of a signal that is about to be sent to these. */
export function signalledLine(
  signal: NodeJS.Signals,
  targets: readonly ProcessRef[],
): SignalledLine {
  const pids = [...new Set(targets.map(({ pid }) => pid))];
  return { level: "info", event: EVENT, by: BY_SIGNAL, signal, pids };
}

/** True where the signal that has ended a process of a program just now was sent by `usrsvc signal`. */
export function wasSignalled(
  dir: StateDir,
  program: string,
  { pid }: ProcessRef,
  exit: Exit,
): boolean {
  if (exit.kind !== "signal") return false;
  const oldest = Date.now() - MOST_MS;
  let left = MOST_LINES;
  for (const { event, signal, pids, time } of historyTail(dir, program).lines) {
    const isThis = event === EVENT && signal === exit.signal;
    if (isThis && Array.isArray(pids) && pids.includes(pid)) return Date.parse(time) >= oldest;
    left -= 1;
    if (left === 0) break;
  }
  return false;
}
