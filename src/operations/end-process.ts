import { showExit } from "../events/shown-exit.ts";
import type { Exit } from "../../proc/exit.ts";
import { libc } from "../../proc/system/libc.ts";
import { type Pid, type ProcessRef, sameProcess, TICKS_PER_SECOND } from "../../proc/pid.ts";
import { ageMs } from "../../proc/uptime.ts";
import { ExitCode } from "../exit-code.ts";
import { formatDuration, shorten } from "../lib/format.ts";
import { describeExit } from "../lifecycle/describe-exit.ts";
import { nameOf as nameOfAccount } from "../lib/accounts.ts";
import { describeElsewhere } from "../identity/elsewhere.ts";
import { foreignOwner } from "../identity/foreign.ts";
import type { Found } from "../identity/identify.ts";
import type { Host } from "../host/host.ts";
import { offspring, relation } from "../identity/lineage.ts";
import { nearestProcess } from "../identity/nearest-process.ts";
import type { Lock } from "../state/lock.ts";
import { downNote } from "../identity/mark.ts";
import type { ProgramRecord } from "../state/record.ts";
import {
  belongsTo,
  ordered,
  stoppedByOperator,
  stopping,
  unfinished,
} from "../state/transitions.ts";
import { endLaunch } from "../lifecycle/end-launch.ts";
import { stop } from "../lifecycle/stop.ts";
import { lookFor, type Program } from "../identity/program.ts";
import { standDown } from "./former-name.ts";
import { leftRunning, markedRunning } from "./left-running.ts";
import { dropPidfile, dropStalePidfile, trySave } from "./notes.ts";
import { type ActionResult, type Operation, SHARED_LOOK_MS, withDetails } from "./operation.ts";
import { describeFound } from "./words.ts";

/** A start window is told to be over a little late. */
const START_SLACK_MS = 3000;

/** Ends the program, whatever it is, and writes what came of it. */
export async function endIt(
  program: Program,
  record: ProgramRecord,
  aim: { desired: "up" | "down"; action: "stop" | "restart" },
  lock: Lock,
  { host, signal, onProgress, debug, looksBehind, beganAt }: Operation,
): Promise<{ result: ActionResult; record: ProgramRecord }> {
  const { name, termToKillMs } = program;
  const found = lookFor(program, record, host, { maxAgeMs: SHARED_LOOK_MS });
  debug(`${name}: ${describeFound(found)}`);
  const process = found.kind === "running" ? found.process : record.launched;
  const main = found.kind === "running" ? found.main : undefined;
  const target = main ?? process;
  const owner = target && foreignOwner(target, host.proc);
  if (target !== undefined && owner !== undefined) {
    const result = leftToOwner(program, aim.action, target, owner);
    if (aim.action === "restart") return { result, record };
    const complaints: string[] = [];
    trySave(host, belongsTo(ordered(record, "down", beganAt), target), complaints);
    return { result: withDetails(result, complaints), record };
  }
  const asked = ordered(record, aim.desired, beganAt);
  const complaints: string[] = [];
  using former =
    found.kind === "running" ? await standDown(found.process, { host, signal }) : undefined;
  if (former !== undefined) complaints.push(former.note);
  if (found.kind === "running") {
    // On disk before the signal: the daemon sees the death at once, and must know that it is meant.
    trySave(host, stopping(asked, found.process), complaints);
    onProgress(`${name}: SIGTERM to pid ${target?.pid}`);
  }
  leaveSessionOf(record, host);
  const { launched, session } = record;
  const hasWrapper = launched !== undefined && !sameProcess(launched, process);
  const toldAt = host.proc.uptime();
  const again = (): ProcessRef | undefined =>
    ownProcess(program, record, host) ?? bornSince(toldAt, record, host);
  const outcome = await stop({ process, main, launched, session }, program, host, {
    signal,
    ...(hasWrapper ? { again } : {}),
  });
  if (aim.desired === "down") noteDown(lock, host);
  const base = { program: name, action: aim.action };
  if (outcome.kind === "stuck") {
    const message =
      `could not be stopped: pid ${target?.pid} outlives SIGKILL (state ${outcome.state}, ` +
      "usually waiting for a disk or a network file system)";
    trySave(host, stopping(asked, target, message), complaints);
    return { result: { ...base, result: "stuck", code: ExitCode.failure, message }, record: asked };
  }
  // A start that was broken off may have forked a daemon that is nowhere to be seen yet.
  const left =
    launched !== undefined && isStarting(record, program, found, host)
      ? await endLaunch({ ...record, launched }, [], program, host, signal)
      : [];
  const wasDown = outcome.kind === "not-running" || target === undefined;
  const by = `usrsvc ${aim.action}`;
  const behind = looksBehind === true ? leftRunning(record, host) : markedRunning(record, host);
  const after = stoppedByOperator(asked, {
    runsOn: behind.runsOn,
    reason: aim.action === "stop" ? "stopped by usrsvc" : undefined,
    lastExit: wasDown
      ? record.lastExit
      : {
          at: new Date().toISOString(),
          pid: target.pid,
          exit: outcome.exit,
          by,
        },
    ended: wasDown || process === undefined ? record.ended : { process, by },
  });
  const isKnown = trySave(host, after, complaints);
  if (target !== undefined) complaints.push(...dropPidfile(program, target.pid));
  if (aim.action === "stop") complaints.push(...dropStalePidfile(program, host));
  complaints.push(...describeElsewhere(found, host));
  complaints.push(...behind.words);
  const ended = { ...outcome, leftBehind: outcome.leftBehind + left.length };
  if (wasDown && ended.leftBehind === 0 && record.desired !== "down") {
    complaints.push(...describeSearch(program, found, host));
  }
  const described = describeStop(ended, target, termToKillMs, found, complaints);
  // It is down, but may not stay so: no success for a script that relies on it.
  const code = isKnown || aim.desired !== "down" ? described.code : ExitCode.failure;
  return { result: { ...base, ...described, code }, record: after };
}

/** It has become another account (sudo, a setuid file). That it is to be down counts from its end on. */
function leftToOwner(
  { name }: Program,
  action: "stop" | "restart",
  { pid }: ProcessRef,
  owner: number,
): ActionResult {
  const then = action === "stop" ? "; once it has ended, it stays down" : "";
  const message =
    `not ${action === "stop" ? "stopped" : "restarted"}: process ${pid} belongs to ${nameOfAccount(owner)}, ` +
    `and this account cannot end it; ${nameOfAccount(owner)} can: kill ${pid}${then}`;
  return { program: name, action, result: "failed", code: ExitCode.permission, message };
}

/** Somebody was called off, or killed, in its start window. */
function isStarting(
  { state, launched }: ProgramRecord,
  program: Program,
  found: Found,
  { proc }: Host,
): boolean {
  if (state !== "starting" || launched === undefined) return false;
  if (found.kind === "absent") return true; // what it has made by now matches nothing
  const window = (program.settings?.successMs ?? 0) + START_SLACK_MS;
  return ageMs(launched.startTime, proc.uptime()) < window;
}

/** The session that we are in, as far as it was read. */
let ourSession: number | undefined;

/**
 * Called by the program itself (a deploy hook), or from a terminal below it: we are not to be ended with
 * it in the middle.
 */
function leaveSessionOf({ launched, session }: ProgramRecord, { proc }: Host): void {
  ourSession ??= proc.stat(process.pid as Pid).session;
  if (ourSession !== launched?.pid && ourSession !== session) return;
  libc()?.setSession();
  ourSession = undefined;
}

/** What the program has by now, after all was ended. */
function ownProcess(program: Program, record: ProgramRecord, host: Host): ProcessRef | undefined {
  const found = lookFor(program, unfinished(record), host);
  if (found.kind !== "running") return undefined;
  return relation(found.process, program.name, host) === "own" ? found.process : undefined;
}

/** What a wrapper has made since, as its last act: it may not have executed yet what it is to be. */
function bornSince(
  uptime: number,
  { launch, launched, session }: ProgramRecord,
  host: Host,
): ProcessRef | undefined {
  if (launched === undefined) return undefined;
  const all = offspring({ launch, launched, session }, host.table.scan({ thorough: true }), host);
  const since = uptime * TICKS_PER_SECOND - 1;
  return all.find(({ ref }) => ref.startTime >= since && ref.pid !== launched.pid)?.ref;
}

/** Whoever stops a program believes that it runs: what was looked for, and what was there instead. */
function describeSearch(program: Program, { pidfile }: Found, host: Host): readonly string[] {
  const { pattern, pidfile: path, scanForProcess } = program;
  const where = scanForProcess ? "" : " (scan_for_process = False: by its pidfile only)";
  const said = {
    none: "which is not there",
    pid: "pid" in pidfile ? `which names ${nameOf(pidfile.pid, host)}` : "",
    garbage: "which holds no pid",
    unreadable: "which cannot be read",
  }[pidfile.kind];
  const file = path === undefined ? "" : `, and its pidfile ${path}, ${said}`;
  return [
    `looked for ${pattern.description}${where}${file}`,
    ...[nearestProcess(program, host)].filter((text) => text !== undefined),
  ];
}

function nameOf(pid: Pid, { proc }: Host): string {
  if (proc.alive(pid) === undefined) return `process ${pid}, which has ended`;
  try {
    return `process ${pid}: ${shorten(proc.cmdline(pid).join(" "))}`;
  } catch {
    return `process ${pid}, of somebody else`;
  }
}

/** Kept beside the record too, should that be damaged: a stop lasts. */
function noteDown(lock: Lock, { proc }: Host): void {
  try {
    lock.writeNote(downNote(proc.bootId()));
  } catch {
    // disk full: the record says so, if that could be written
  }
}

function describeStop(
  outcome: { kind: "not-running"; leftBehind: number } | StopDone,
  target: ProcessRef | undefined,
  termToKillMs: number,
  found: Found,
  complaints: readonly string[],
): Omit<ActionResult, "program" | "action"> {
  const others = found.kind === "running" ? found.others : [];
  const details = others.map(({ pid }) => `process ${pid} matches as well and was left alone`);
  details.push(...new Set(complaints));
  const more = details.length > 0 ? { details } : {};
  const { leftBehind } = outcome;
  const rest =
    leftBehind === 0 ? "" : `; ${leftBehind} left-over process${leftBehind > 1 ? "es" : ""} ended`;
  if (outcome.kind === "not-running" || target === undefined) {
    return { result: "down", code: ExitCode.ok, message: `was not running${rest}`, ...more };
  }
  const { kind, exit, tookMs } = outcome;
  const took =
    kind === "terminated"
      ? `terminated in ${formatDuration(tookMs)}`
      : `killed, since it ignored SIGTERM for term_to_kill_seconds, ${formatDuration(termToKillMs)}`;
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
