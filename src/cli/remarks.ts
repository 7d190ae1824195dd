import { NOT_USRSVC, type ShownExit } from "../events/shown-exit.ts";
import { formatDuration } from "../lib/format.ts";
import { describeHold, heldAs } from "../state/hold.ts";
import type { ProgramStatus } from "../status/status.ts";
import { keyName } from "./key-name.ts";
import { formatExit } from "./status-cells.ts";

/** What there is to tell of a program beside its row. */
export interface Remark {
  /** What kind of remark it is, which begins it; undefined: it is a sentence of its own. */
  readonly label?: "it says" | "why" | "next" | "its last exit" | "last run" | "problem";
  readonly text: string;
}

/** What stands below the row of a program: why it is down and what happens next, and what is odd about it. */
export function remarks(one: ProgramStatus, now: number): readonly Remark[] {
  const all: Remark[] = [];
  if (one.hold !== undefined) {
    const hold = describeHold(heldAs(one.hold), now);
    all.push({ text: `${hold}; usrsvc release ${one.program} ends that` });
  }
  if (one.statusText !== undefined) all.push({ label: "it says", text: one.statusText });
  if (one.reason !== undefined) all.push({ label: "why", text: one.reason });
  if (one.state === "running" && one.restarts > 0) all.push(...describeRestart(one.lastExit));
  if (one.state === "running" && one.lastRun !== undefined) all.push(...describeLastRun(one));
  if (one.next !== undefined) all.push({ label: "next", text: one.next });
  if (one.workedOnBy !== undefined) all.push({ text: `${one.workedOnBy}, is at work on it` });
  if (one.remembered !== undefined) {
    const { by, at } = one.remembered;
    const ago = formatDuration(Math.max(0, now - Date.parse(at)));
    all.push({
      text: `stopped with --remember by ${by}, ${ago} ago; usrsvc start --remembered brings it back`,
    });
  }
  if (one.olderSettings === true) {
    const keys = one.olderKeys === undefined ? "" : ` (${one.olderKeys.map(keyName).join(", ")})`;
    all.push({ text: `runs with older settings${keys}: usrsvc restart applies the new ones` });
  }
  for (const difference of one.differences ?? []) {
    all.push({ text: `not known to have been started by usrsvc: ${difference}` });
  }
  if (one.otherPids !== undefined) {
    all.push({ text: `also matches, but is not managed: pid ${one.otherPids.join(", ")}` });
  }
  return [...all, ...(one.problems ?? []).map((text) => ({ label: "problem", text }) as const)];
}

/** Why a program that is running again was restarted. */
function describeRestart(exit: ShownExit | undefined): readonly Remark[] {
  if (exit === undefined || (exit.by === undefined && exit.wrote === undefined)) return [];
  const by = exit.by === undefined ? "" : describeBy(exit.by);
  const wrote = exit.wrote === undefined ? "" : `it wrote: ${exit.wrote}`;
  const text = [by, wrote].filter((part) => part !== "").join("; ");
  return [{ label: "its last exit", text }];
}

/** Of a job that runs again. */
function describeLastRun({ lastRun, lastExit }: ProgramStatus): readonly Remark[] {
  if (lastExit === undefined || lastRun === undefined) return [];
  const { tookSeconds } = lastExit;
  const took = tookSeconds === undefined ? "" : `, after ${formatDuration(tookSeconds * 1000)}`;
  return [{ label: "last run", text: `${lastRun}${took}` }];
}

/** An exit in a line: `code 3, 5 min ago, pid 12, not by usrsvc`. */
export function describeShownExit(exit: ShownExit, now: number): string {
  const pid = exit.pid === undefined ? "" : `, pid ${exit.pid}`;
  const by = exit.by === undefined ? "" : `, ${describeBy(exit.by)}`;
  return `${formatExit(exit, "long", now)}${pid}${by}`;
}

function describeBy(by: string): string {
  return by === NOT_USRSVC ? "not by usrsvc" : `by ${by}`;
}
