import type { ProcessRef } from "../../../proc/pid.ts";
import { ExitCode } from "../../exit-code.ts";
import { maskAll, maskSecrets } from "../../lib/secrets.ts";
import { daemonInCharge } from "../../state/daemon-alive.ts";
import { addHistory, type HistoryLine } from "../../state/history.ts";
import { signalledLine } from "../../state/signalled.ts";
import type { ActionResult, Operation } from "../operation.ts";

type Site = Pick<Operation, "host">;

const JOB_DONE = "program.job-finished";
/** The kinds of events, as usrsvcd would have emitted them, by results of which a history tells. */
const KINDS: Readonly<Record<string, string>> = {
  started: "program.started",
  stopped: "program.stopped",
  killed: "program.stopped",
  reloaded: "program.reloaded",
  done: JOB_DONE,
};
const FAILED = "program.start-failed";

/**
 * Puts what usrsvc itself has done into the history of the program. What usrsvcd does, or sees, it notes itself; a
 * reload it does not see.
 */
export function noteHistory(result: ActionResult, { host }: Site): void {
  const { program, action, code, pid, exit, tookSeconds, message, details } = result;
  if (action !== "reload" && daemonInCharge(host) !== undefined) return;
  const isFailedStart = result.result === "failed" && (action === "start" || action === "restart");
  const event = KINDS[result.result] ?? (isFailedStart ? FAILED : undefined);
  if (event === undefined) return;
  const isDone = event === JOB_DONE;
  const job = { isSuccess: true, tookMs: tookSeconds && Math.round(tookSeconds * 1000) };
  const more = { ...(event === FAILED && { code }), ...(isDone && job) };
  const facts = maskAll({ pid, exit, details, ...more });
  const level = event === FAILED ? "error" : "info";
  add(program, { level, event, by: `usrsvc ${action}`, ...facts }, message, host);
}

/**
 * Puts on record what has not been done, where nobody is told so any more (`--no-wait`), and no history tells of it.
 *
 * @param isRefused it was not even tried
 */
export function noteUndone(result: ActionResult, isRefused: boolean, { host }: Site): void {
  const { program, action, code, message, details } = result;
  if (code === ExitCode.ok) return;
  const isStart = action === "start" || action === "restart";
  const isTold = isStart && result.result === "failed"; // by noteHistory, or by the usrsvcd that has tried
  if (isTold && !(isRefused && daemonInCharge(host) !== undefined)) return;
  const facts = maskAll({ action, code, details });
  const by = `usrsvc ${action}`;
  add(program, { level: "error", event: "program.not-done", by, ...facts }, message, host);
}

/** The same of a hold that is set or ended, where no usrsvcd looks after the program. `by`: who has done so. */
export function noteHold(
  program: string,
  event: "program.held" | "program.released",
  by: string,
  message: string,
  { host }: Site,
): void {
  add(program, { level: "info", event, by }, message, host);
}

/** The same of a signal, before it is sent. */
export function noteSignal(
  program: string,
  signal: NodeJS.Signals,
  targets: readonly ProcessRef[],
  message: string,
  { host }: Site,
): void {
  add(program, signalledLine(signal, targets), message, host);
}

function add(
  program: string,
  facts: Pick<HistoryLine, "level" | "event"> & Readonly<Record<string, unknown>>,
  message: string,
  host: Operation["host"],
): void {
  const msg = maskSecrets(`${program}: ${message}`);
  const time = new Date().toISOString();
  try {
    addHistory(host.state, program, [{ time, ...facts, program, msg }]);
  } catch {
    // the disk is full: it was done all the same, and is on record
  }
}
