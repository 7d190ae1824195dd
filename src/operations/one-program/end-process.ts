import { type ProcessRef, sameProcess } from "../../../proc/pid.ts";
import { ageMs } from "../../../proc/uptime.ts";
import { ExitCode } from "../../exit-code.ts";
import type { Host } from "../../host/host.ts";
import { describeElsewhere } from "../../identity/elsewhere.ts";
import { foreignOwner } from "../../identity/foreign.ts";
import type { Found } from "../../identity/found.ts";
import { downNote } from "../../identity/mark.ts";
import { lookFor, type Program } from "../../identity/program.ts";
import { endLaunch } from "../../lifecycle/end-launch.ts";
import { stop } from "../../lifecycle/stop.ts";
import type { Lock } from "../../state/lock.ts";
import type { ProgramRecord } from "../../state/record.ts";
import { START_SLACK_MS, windowLeftMs } from "../../state/start-window.ts";
import { belongsTo, exitNoted, ordered } from "../../state/record-facts.ts";
import { stoppedByOperator, stopping } from "../../state/transitions.ts";
import { standDown } from "./former-name.ts";
import type { Held } from "./locked.ts";
import { leaveSessionOf } from "./leave-session.ts";
import { leftRunning, markedRunning } from "./left-running.ts";
import { dropPidfile, dropStalePidfile, trySave } from "./notes.ts";
import { type ActionResult, type Operation, SHARED_LOOK_MS, withDetails } from "../operation.ts";
import { runAfterExit, runOwedAfterExit, toldFailure } from "./run-hooks.ts";
import { startedMeanwhile } from "./started-meanwhile.ts";
import { describeSearch, describeStop, leftToOwner } from "./stop-words.ts";
import { describeFound } from "./words.ts";

/** Ends the program, whatever it is, and records the outcome. */
export async function endIt(
  program: Program,
  record: ProgramRecord,
  aim: { desired: "up" | "down"; action: "stop" | "restart" },
  { lock, store }: Held,
  operation: Operation,
): Promise<{ result: ActionResult; record: ProgramRecord }> {
  const { host, signal, onProgress, debug, looksBehind, beganAt, stoppedFor } = operation;
  const { name, ending, stopLasts } = program;
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
    trySave(
      store,
      host,
      belongsTo(ordered(record, "down", beganAt, { lasts: stopLasts }), target),
      complaints,
    );
    return { result: withDetails(result, complaints), record };
  }
  const asked = ordered(record, aim.desired, beganAt, { lasts: stopLasts, stoppedFor });
  const complaints: string[] = [];
  using former =
    found.kind === "running" ? await standDown(found.process, { host, signal }) : undefined;
  if (former !== undefined) complaints.push(former.note);
  if (found.kind === "running") {
    // On disk before the signal: the daemon sees the death at once, and must know that it is meant.
    trySave(store, host, stopping(asked, found.process), complaints);
  }
  leaveSessionOf(record, host);
  const { launched, session } = record;
  const hasWrapper = launched !== undefined && !sameProcess(launched, process);
  const toldAt = host.proc.uptime();
  const again = (): ProcessRef | undefined => startedMeanwhile(program, record, toldAt, host);
  const why = aim.action === "stop" ? describeStopped(stoppedFor) : "restarted by usrsvc";
  const outcome = await stop({ process, main, launched, session, record }, ending, host, {
    signal,
    reason: why,
    onFailedHook: (failure) => complaints.push(toldFailure(failure, operation.onFailedHook)),
    onStep: (what) => onProgress(name, what),
    ...(hasWrapper ? { again } : {}),
  });
  if (aim.desired === "down") noteDown(lock, stopLasts, host);
  const base = { program: name, action: aim.action };
  if (outcome.kind === "stuck") {
    const message =
      `could not be stopped: pid ${target?.pid} outlives SIGKILL (state ${outcome.state}, ` +
      "usually waiting for a disk or a network file system)";
    trySave(store, host, stopping(asked, target, message), complaints);
    const result = { ...base, result: "stuck", code: ExitCode.failure, message };
    return { result: withDetails(result, outcome.notes), record: asked };
  }
  // A start that was interrupted may have forked a daemon that is not visible yet.
  const left =
    launched !== undefined && isStarting(program, record, found, host)
      ? await endLaunch({ ...record, launched }, [], ending, host, signal)
      : [];
  if (outcome.kind !== "not-running") complaints.push(...outcome.notes);
  const wasDown = outcome.kind === "not-running" || target === undefined;
  const by = `usrsvc ${aim.action}`;
  if (program.settings?.afterExit !== undefined) {
    if (wasDown) {
      complaints.push(...(await runOwedAfterExit(program, record, { store }, operation)).told);
    } else {
      // Owed to who comes next, should we be killed, as long as the process is on record.
      const end = { at: new Date().toISOString(), pid: target.pid, exit: outcome.exit, by };
      trySave(store, host, exitNoted(stopping(asked, process), end), complaints);
      complaints.push(...(await runAfterExit(program, target, outcome.exit, why, operation)));
    }
  }
  const behind = looksBehind === true ? leftRunning(record, host) : markedRunning(record, host);
  const after = stoppedByOperator(asked, {
    runsOn: behind.runsOn,
    reason: aim.action === "stop" ? why : undefined,
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
  const isKnown = trySave(store, host, after, complaints);
  if (target !== undefined) complaints.push(...dropPidfile(program, target.pid));
  if (aim.action === "stop") complaints.push(...dropStalePidfile(program, host));
  complaints.push(...describeElsewhere(found, host));
  complaints.push(...behind.words);
  const ended = { ...outcome, leftBehind: outcome.leftBehind + left.length };
  if (wasDown && ended.leftBehind === 0 && record.desired !== "down") {
    complaints.push(...describeSearch(program, found, host));
  }
  const described = describeStop(ended, target, found, complaints);
  // It is down, but may not stay so: no success for a script that relies on it.
  const code = isKnown || aim.desired !== "down" ? described.code : ExitCode.failure;
  return { result: { ...base, ...described, code }, record: after };
}

function describeStopped(stoppedFor: string | undefined): string {
  const why = stoppedFor === undefined ? "" : ` together with ${stoppedFor}, which it needs`;
  return `stopped by usrsvc${why}`;
}

/** A start was cancelled, or its starter killed, in the start window. */
function isStarting(
  { settings }: Program,
  record: ProgramRecord,
  found: Found,
  { proc }: Host,
): boolean {
  const { launched } = record;
  if (launched === undefined) return false;
  if (record.state !== "starting") {
    // Adopted in the middle of its start, perhaps, it may have gone to the background just now.
    const { ready, successMs = 0 } = settings ?? {};
    return ready === undefined && ageMs(launched.startTime, proc.uptime()) < successMs;
  }
  if (found.kind === "absent") return true; // what it has made by now matches nothing
  return windowLeftMs(record, proc.uptime()) > -START_SLACK_MS;
}

/** Also kept beside the record, in case that is damaged: a stop lasts. */
function noteDown(lock: Lock, stopLasts: Program["stopLasts"], { proc }: Host): void {
  try {
    lock.writeNote(downNote(proc.bootId(), stopLasts));
  } catch {
    // disk full: the record says so, if that could be written
  }
}
