import { type ProcessRef, sameProcess } from "../../proc/pid.ts";
import { isLaunchAlive } from "../identity/offspring.ts";
import type { LaunchNote } from "../identity/mark.ts";
import type { IdentityPorts } from "../identity/ports.ts";
import type { Program } from "../identity/program.ts";
import { untilKillMs } from "../lifecycle/stop-plan.ts";
import { workerOn } from "../state/at-work.ts";
import { programLock } from "../state/lock.ts";
import { lockHolder, signerOf } from "../state/lock-text.ts";
import type { ProgramRecord, RecordIn } from "../state/record.ts";
import { START_SLACK_MS, windowLeftMs } from "../state/start-window.ts";
import type { State } from "../state/states.ts";
import type { StatusContext } from "./status-context.ts";

/** A launch takes no longer than this: one that hangs is given up before. */
const LAUNCH_MS = 14_000;

/** The state of one that runs. */
export function liveState(
  program: Program,
  record: ProgramRecord | undefined,
  process: ProcessRef,
  { host, daemon, uptimeSeconds, holds }: StatusContext,
): State {
  if (isBeingStopped(record, process)) {
    // Where whoever was ending it has left, usrsvcd does the rest.
    const isLeft = daemon !== "here" || holds?.has(program.name) === true;
    const isWorkedOn = !isLeft || workerOn(program.name, host) !== undefined;
    return isWorkedOn ? "stopping" : "running";
  }
  if (record?.state !== "starting") return "running";
  const isUnseen = program.settings?.ready !== undefined;
  return isUnseen || isWindowOpen(program, record, { host, uptimeSeconds })
    ? "starting"
    : "running";
}

/** Also a moment longer, while whoever judges it lives. */
function isWindowOpen(
  { name }: Program,
  record: RecordIn<"starting">,
  { host, uptimeSeconds }: Pick<StatusContext, "host" | "uptimeSeconds">,
): boolean {
  const leftMs = windowLeftMs(record, uptimeSeconds);
  return leftMs > 0 || (leftMs > -START_SLACK_MS && isJudged(name, host));
}

/** Its window is over, and nobody has said what became of its start: whoever began it was killed. */
export function isUnjudged(
  program: Program,
  record: ProgramRecord | undefined,
  { host, uptimeSeconds }: Pick<StatusContext, "host" | "uptimeSeconds">,
): boolean {
  if (record?.state !== "starting" || record.launched === undefined) return false;
  if (program.settings?.ready === undefined) return false;
  return !isWindowOpen(program, record, { host, uptimeSeconds });
}

/**
 * True while what was launched may yet become the program: it lives, or has gone to the background, or what
 * it left is being ended, and whoever judges it lives.
 */
export function isUnderWay(
  program: Program,
  record: ProgramRecord | undefined,
  { host, uptimeSeconds }: StatusContext,
): boolean {
  if (record?.state !== "starting" || record.launched === undefined) return false;
  const { launched } = record;
  const leftMs = windowLeftMs(record, uptimeSeconds) + START_SLACK_MS;
  if (leftMs > 0 && isLaunchAlive({ ...record, launched }, host)) return true;
  return leftMs > -untilKillMs(program.ending) && isJudged(program.name, host);
}

/** True while who signed the program's lock last lives. */
function isJudged(name: string, { state, proc }: IdentityPorts): boolean {
  const pid = signerOf(lockHolder(programLock(state, name)));
  return pid !== undefined && proc.alive(pid) !== undefined;
}

/** True while it is being executed: nobody knows its pid yet. A clock may be set back meanwhile. */
export function isFresh(
  { name }: Program,
  launch: LaunchNote | undefined,
  host: IdentityPorts,
): boolean {
  if (launch === undefined || !isJudged(name, host)) return false;
  return Math.abs(Date.now() - Date.parse(launch.at)) < LAUNCH_MS;
}

/** It lives, and whoever ends it has put that on record. */
export function isBeingStopped(record: ProgramRecord | undefined, process: ProcessRef): boolean {
  return record?.state === "stopping" && sameProcess(record.process, process);
}
