import { statIfAny } from "../../../proc/reader.ts";
import { signalGroupByNumber } from "../../../proc/system/polling.ts";
import type { ProcessRef } from "../../../proc/pid.ts";
import { ExitCode } from "../../exit-code.ts";
import type { Host } from "../../host/host.ts";
import type { Program } from "../../identity/program.ts";
import { stopPlan } from "../../lifecycle/stop-plan.ts";
import { type Deed, findRunning, type Running } from "./find-running.ts";
import { noteSignal } from "./note-history.ts";
import type { ActionResult, Operation } from "../operation.ts";

/** What is sent to a program. */
export interface Sending {
  readonly signal: NodeJS.Signals;
  /** To the whole process group. */
  readonly isToGroup: boolean;
}

const deed: Deed = { action: "signal", done: "signalled" };

/** `usrsvc signal`: sends a signal to the process of a program, or to its group, and to nobody else. */
export function signalProgram(
  program: Program,
  { signal, isToGroup }: Sending,
  operation: Operation,
): ActionResult {
  const { host } = operation;
  const running = findRunning(program, deed, operation);
  if ("result" in running) return running;
  const { shown } = running;
  const leader = isToGroup ? ownLeader(running, program, host) : undefined;
  if (isToGroup && leader === undefined) {
    const why = `the process group of process ${shown.pid} is not its own: whoever started it may be in it`;
    return failed(program, `not signalled: ${why}`);
  }
  const whom =
    leader === undefined ? `pid ${shown.pid}` : `process group ${leader.pid} of pid ${shown.pid}`;
  // Before it is sent: usrsvcd may see what follows at once, and tells who it was.
  const targets = leader === undefined ? [shown] : [shown, running.process];
  noteSignal(program.name, signal, targets, `${signal} sent to ${whom}`, operation);
  const isSent =
    leader === undefined
      ? signalShown(shown, signal, host)
      : signalGroupByNumber(host.proc, leader, signal);
  if (!isSent) return failed(program, `not signalled: process ${shown.pid} has just ended`);
  return {
    program: program.name,
    action: "signal",
    result: "signalled",
    code: ExitCode.ok,
    pid: shown.pid,
    signal,
    message: `${signal} sent to ${whom}`,
  };
}

/** False where it is gone. What has got its pid since is not meant. */
export function signalShown(shown: ProcessRef, signal: NodeJS.Signals, host: Host): boolean {
  using watch = host.watcher().open(shown);
  return watch?.signal(signal) === true;
}

/** The leader of its process group, where the group is the program's own. */
function ownLeader(running: Running, { ending }: Program, { proc }: Host): ProcessRef | undefined {
  const group = statIfAny(proc, running.shown.pid)?.pgrp;
  const { groups } = stopPlan(running, ending, (pid) => statIfAny(proc, pid));
  return groups.find(({ leader }) => leader.pid === group)?.leader;
}

function failed({ name }: Program, message: string): ActionResult {
  return { program: name, action: "signal", result: "failed", code: ExitCode.failure, message };
}
