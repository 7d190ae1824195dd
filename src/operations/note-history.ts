import { maskAll, maskSecrets } from "../lib/secrets.ts";
import { daemonInCharge } from "../state/daemon-alive.ts";
import { addHistory } from "../state/history.ts";
import type { ActionResult, Operation } from "./operation.ts";

/** The kinds of events, as usrsvcd would have emitted them, by results of which a history tells. */
const KINDS: Readonly<Record<string, string>> = {
  started: "program.started",
  stopped: "program.stopped",
  killed: "program.stopped",
  reloaded: "program.reloaded",
  signalled: "program.signalled",
};

/**
 * Puts what usrsvc itself has done into the history of the program. What usrsvcd does, or sees, it notes itself; a
 * reload or a signal it does not see.
 */
export function noteHistory(result: ActionResult, { host }: Pick<Operation, "host">): void {
  const { program, action, code, pid, exit, message, details } = result;
  const isSeen = action !== "reload" && action !== "signal";
  if (isSeen && daemonInCharge(host) !== undefined) return;
  const kind = KINDS[result.result];
  const event = kind ?? (result.result === "failed" && action !== "stop" ? FAILED : undefined);
  if (event === undefined) return;
  const time = new Date().toISOString();
  const facts = maskAll({ pid, exit, details, ...(event === FAILED ? { code } : {}) });
  const level = event === FAILED ? "error" : "info";
  const msg = maskSecrets(`${program}: ${message}`);
  try {
    addHistory(host.state, program, [
      { time, level, event, program, by: `usrsvc ${action}`, ...facts, msg },
    ]);
  } catch {
    // the disk is full: it was done all the same, and is on record
  }
}

const FAILED = "program.start-failed";
