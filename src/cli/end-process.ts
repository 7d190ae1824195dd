import type { Exit } from "../../proc/exit.ts";
import type { ProcessRef } from "../../proc/pid.ts";
import { ExitCode } from "../exit-code.ts";
import { formatDuration } from "../format.ts";
import { describeExit } from "../program/describe-exit.ts";
import type { Found } from "../program/identify.ts";
import type { ProgramRecord } from "../program/record.ts";
import { stop } from "../program/stop.ts";
import { lookFor, type Subject } from "../program/subject.ts";
import { showExit } from "../status.ts";
import { dropPidfile, dropStalePidfile, trySave } from "./notes.ts";
import { type ActionResult, type Operation, SHARED_LOOK_MS } from "./operation.ts";
import { describeFound } from "./words.ts";

/** Ends the program, whatever it is, and writes what came of it. */
export async function endIt(
  subject: Subject,
  record: ProgramRecord,
  aim: { wish: "up" | "down"; action: "stop" | "restart" },
  { host, signal, onProgress, debug }: Operation,
): Promise<{ result: ActionResult; record: ProgramRecord }> {
  const { name, termToKillMs } = subject;
  const found = lookFor(subject, record, host, { maxAgeMs: SHARED_LOOK_MS });
  debug(`${name}: ${describeFound(found)}`);
  const target = found.kind === "running" ? found.process : record.launched;
  const asked = { ...record, wish: aim.wish, nextTryAt: undefined };
  const complaints: string[] = [];
  if (found.kind === "running") {
    // On disk before the signal: the daemon sees the death at once, and must know that it is meant.
    trySave(host, { ...asked, phase: "stopping", process: found.process }, complaints);
    onProgress(`${name}: SIGTERM to pid ${found.process.pid}`);
  }
  const outcome =
    target === undefined
      ? ({ kind: "not-running" } as const)
      : await stop(target, record.launched, termToKillMs, host, signal);
  const base = { program: name, action: aim.action };
  if (outcome.kind === "stuck") {
    const message =
      `could not be stopped: pid ${target?.pid} outlives SIGKILL (state ${outcome.state}, ` +
      "usually waiting for a disk or a network file system)";
    trySave(host, { ...asked, phase: "stopping", process: target, reason: message }, complaints);
    return { result: { ...base, result: "stuck", code: ExitCode.failure, message }, record: asked };
  }
  const stopped = outcome.kind === "not-running" || target === undefined;
  const after: ProgramRecord = {
    ...asked,
    phase: "stopped",
    process: undefined,
    launched: undefined,
    digest: undefined,
    reason: aim.action === "stop" ? "stopped by usrsvc" : undefined,
    lastExit: stopped
      ? record.lastExit
      : { at: new Date().toISOString(), pid: target.pid, exit: outcome.exit },
  };
  trySave(host, after, complaints);
  if (target !== undefined) complaints.push(...dropPidfile(subject, target.pid));
  if (aim.action === "stop") complaints.push(...dropStalePidfile(subject, host));
  const described = describeStop(outcome, target, termToKillMs, found, complaints);
  return { result: { ...base, ...described }, record: after };
}

function describeStop(
  outcome: { kind: "not-running" } | StopDone,
  target: ProcessRef | undefined,
  termToKillMs: number,
  found: Found,
  complaints: readonly string[],
): Omit<ActionResult, "program" | "action"> {
  const others = found.kind === "running" ? found.others : [];
  const details = others.map(({ pid }) => `process ${pid} matches as well and was left alone`);
  details.push(...new Set(complaints));
  const more = details.length > 0 ? { details } : {};
  if (outcome.kind === "not-running" || target === undefined) {
    return { result: "down", code: ExitCode.ok, message: "was not running", ...more };
  }
  const { kind, exit, tookMs, leftBehind } = outcome;
  const rest =
    leftBehind === 0 ? "" : `; ${leftBehind} left-over process${leftBehind > 1 ? "es" : ""} ended`;
  const took =
    kind === "terminated"
      ? `terminated in ${formatDuration(tookMs)}`
      : `killed, since it ignored SIGTERM for ${formatDuration(termToKillMs)}`;
  return {
    result: kind === "terminated" ? "stopped" : "killed",
    code: ExitCode.ok,
    pid: target.pid,
    exit: showExit(exit),
    message: `stopped, pid ${target.pid}: ${took} (${describeExit(exit)})${rest}`,
    ...more,
  };
}

interface StopDone {
  readonly kind: "terminated" | "killed";
  readonly exit: Exit;
  readonly tookMs: number;
  readonly leftBehind: number;
}
