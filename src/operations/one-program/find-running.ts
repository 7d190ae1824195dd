import type { ProcessRef } from "../../../proc/pid.ts";
import { ExitCode } from "../../exit-code.ts";
import { foreignOwner, recordStore } from "../../identity/foreign.ts";
import { strangersRecord } from "../../identity/other-config.ts";
import { lookFor, type Program } from "../../identity/program.ts";
import { nameOf } from "../../lib/accounts.ts";
import type { Target } from "../../lifecycle/stop-plan.ts";
import { refuseOther } from "./locked.ts";
import type { ActionResult, Operation } from "../operation.ts";
import { describeFound } from "./words.ts";

/** What runs of a program. */
export interface Running extends Target {
  readonly process: ProcessRef;
  /** What does the work: the process that `status` shows. */
  readonly shown: ProcessRef;
}

/** What is done to a process that runs, and stays; `done`: what was not done, should there be none. */
export interface Deed {
  readonly action: "reload" | "signal";
  readonly done: string;
}

/**
 * The process of a program, for what is done to one that runs; or the result, where there is none that is ours. Takes no
 * lock and writes nothing: whoever is at work on it is not waited for.
 */
export function findRunning(
  program: Program,
  { action, done }: Deed,
  { host, debug }: Pick<Operation, "host" | "debug">,
): Running | ActionResult {
  const { name } = program;
  const failed = (
    result: string,
    why: string,
    code: ExitCode = ExitCode.failure,
  ): ActionResult => ({
    program: name,
    action,
    result,
    code,
    message: `not ${done}: ${why}`,
  });
  const store = recordStore(name, host);
  store.read();
  const taken = refuseOther(program, action, store.record, host);
  if (taken !== undefined) return taken;
  const isStrangers =
    store.record !== undefined && strangersRecord(store.record, host) !== undefined;
  const record = isStrangers ? undefined : store.record;
  const found = lookFor(program, record, host);
  debug(`${name}: ${describeFound(found)}`);
  if (found.kind === "absent") return failed("down", "it is not running");
  const { process, main } = found;
  const shown = main ?? process;
  const owner = foreignOwner(shown, host.proc);
  if (owner !== undefined) {
    const why = `process ${shown.pid} belongs to ${nameOf(owner)}`;
    return failed("failed", why, ExitCode.permission);
  }
  return { process, main, shown, launched: record?.launched, session: record?.session };
}
