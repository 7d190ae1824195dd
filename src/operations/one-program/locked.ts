import { endHookOfKilled, hooksMs } from "../../lifecycle/hook.ts";
import { untilKillMs } from "../../lifecycle/stop-plan.ts";
import { startWindowMs } from "../../state/start-window.ts";
import type { Ticks } from "../../../proc/pid.ts";
import { ExitCode } from "../../exit-code.ts";
import { formatDuration } from "../../lib/format.ts";
import type { Host } from "../../host/host.ts";
import { type Lock, programLock, waitLock } from "../../state/lock.ts";
import { describeHolder } from "../../state/at-work.ts";
import { withUnseenEnd } from "../../identity/recorded.ts";
import { recordStore } from "../../identity/foreign.ts";
import { lostRecord } from "../../identity/mark.ts";
import { completeLaunch } from "../../identity/unfinished-launch.ts";
import { otherConfig, strangersRecord } from "../../identity/other-config.ts";
import { emptyRecord, type ProgramRecord } from "../../state/record.ts";
import { readRecord } from "../../state/record-file.ts";
import type { RecordStore } from "../../state/record-store.ts";
import { signed } from "../../state/record-facts.ts";
import { checkStateDir } from "../../state/state-dir.ts";
import { removeOldRequest, requestStop } from "../../state/stop-request.ts";
import type { Program } from "../../identity/program.ts";
import { type ActionResult, type Operation, withDetails } from "../operation.ts";

/** Time that another actor may take beyond its own settings before we say "try again", in ms. */
const LOCK_PATIENCE_MS = 10_000;

/** What who acts on a program holds, and where the record is written. */
export interface Held {
  readonly lock: Lock;
  readonly store: RecordStore;
}

/** What is done while nobody else is at work on the program. */
type LockedAction = Exclude<ActionResult["action"], "reload" | "signal" | "hold" | "release">;

/**
 * Does `act` while holding the program's lock. `strangers`: the other configuration file whose program of
 * this name left the record.
 */
export async function locked(
  program: Program,
  action: LockedAction,
  { host, signal, onProgress, debug, isAbandoned, beganAt }: Operation,
  act: (record: ProgramRecord, held: Held, strangers?: string) => Promise<ActionResult>,
): Promise<ActionResult> {
  const boot = host.proc.bootId();
  // Before the lock: whoever waits for it cancels a start.
  const { record: before } = readRecord(host.state, program.name, boot);
  const refused = refuseOther(program, action, before, host);
  if (refused !== undefined) return refused;
  const path = programLock(host.state, program.name);
  const patience = patienceOf(program);
  using lock = await takeLock(path, patience, program, action, { host, signal, onProgress });
  if (lock === undefined) return busy(program, action, patience, host);
  debug(`${program.name}: holds lock ${path}`);
  if (isAbandoned?.() === true) {
    // A stop that was called since, and has finished, has the last word.
    return leftUndone(program, action, "the command that asked for it ended before its turn came");
  }
  removeOldRequest(host.state, program.name, host.proc);
  await endHookOfKilled(program.settings, host);
  const store = recordStore(program.name, host);
  store.read();
  const { problem, misnamed: wrong } = store.trouble;
  if (problem !== undefined) debug(problem);
  store.mend(() => {}); // what is known is written by who acts
  const known = store.record ?? lostRecord(program.name, lock.note, boot);
  const taken = refuseOther(program, action, known, host);
  if (taken !== undefined) return taken;
  const strangers = strangersRecord(known, host);
  if (action !== "stop" && strangers === undefined && isOvertaken(known, beganAt)) {
    return leftUndone(program, action, "a usrsvc stop that was called later has stopped it");
  }
  const own = strangers === undefined ? known : emptyRecord(program.name, boot);
  const complete = await completeLaunch(own, lock, program.settings, host);
  // What is in its session is its own, as if it had been on record.
  if (complete !== own && complete.process !== undefined) host.claim(program.name, complete);
  const ended = withUnseenEnd(complete, host.proc);
  const ours = signed(ended, { by: "usrsvc", config: host.config });
  const result = await act(ours, { lock, store }, strangers);
  const dear = program.pattern.takeTrouble?.();
  const named = wrong && `its record named ${wrong}`;
  return withDetails(
    result,
    [named, dear].filter((text) => text !== undefined),
  );
}

/** How long whoever is at work on a program may take, in ms. */
export function patienceOf({ settings, ending }: Program): number {
  return LOCK_PATIENCE_MS + startWindowMs(settings) + untilKillMs(ending) + hooksMs(settings);
}

/** Whoever is at work on it has not finished in that time. */
export function busy(
  program: Program,
  action: ActionResult["action"],
  patienceMs: number,
  { state }: Pick<Host, "state">,
): ActionResult {
  const { name } = program;
  const message =
    `not touched: ${describeHolder(programLock(state, name)) ?? "another usrsvc"} has been at work on it for ` +
    `${formatDuration(patienceMs)} (success_seconds + ${waitKeyOf(program)} + 10 s); try again`;
  return { program: name, action, result: "busy", code: ExitCode.tryAgain, message };
}

/** The key that says how long a stop of it takes. */
function waitKeyOf({ ending }: Program): string {
  return ending.stop === undefined ? "term_to_kill_seconds" : "stop";
}

/** Its turn has come too late. */
function leftUndone(
  { name: program }: Program,
  action: ActionResult["action"],
  why: string,
): ActionResult {
  const message = `not touched: ${why}`;
  return { program, action, result: "interrupted", code: ExitCode.failure, message };
}

/** It had to wait (for a usrsvcd that does not respond, say), and a stop that was called later has finished. */
function isOvertaken({ desired, desiredAt }: ProgramRecord, beganAt: Ticks | undefined): boolean {
  return (
    desired === "down" && desiredAt !== undefined && beganAt !== undefined && desiredAt > beganAt
  );
}

/** The same name in two files that share a state_dir: whatever the action, the other's is left alone. */
export function refuseOther(
  { name }: Program,
  action: ActionResult["action"],
  record: ProgramRecord | undefined,
  host: Host,
): ActionResult | undefined {
  const other = otherConfig(name, record, host);
  if (other === undefined) return undefined;
  const { config, how } = other;
  const message =
    `not touched: ${name} is also a program of ${config}, which shares the state_dir, and ${how}; ` +
    `give the one of ${host.config} another name, or set another state_dir in [Main] ` +
    `(to act on that one: usrsvc -c ${config} ${action} ${name})`;
  return { program: name, action, result: "elsewhere", code: ExitCode.failure, message };
}

/** Waits for the lock; for a stop, whoever holds it in a start window is asked to release it. */
async function takeLock(
  path: string,
  patience: number,
  { name }: Program,
  action: LockedAction,
  { host, signal, onProgress }: Pick<Operation, "host" | "signal" | "onProgress">,
): Promise<Lock | undefined> {
  let request: Disposable | undefined;
  checkStateDir(host.state);
  try {
    return await waitLock(path, patience, signal, () => {
      if (action !== "start") request = requestStop(host.state, name, host.proc, action);
      const holder = describeHolder(path) ?? "another";
      onProgress(name, `waiting for ${holder}, which is at work on it`);
    });
  } finally {
    request?.[Symbol.dispose]();
  }
}
