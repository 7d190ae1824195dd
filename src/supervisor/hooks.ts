import { type ProcessRef, sameProcess } from "../../proc/pid.ts";
import type { Exit } from "../../proc/exit.ts";
import type { ProgramSettings } from "../config/settings.ts";
import { type HookFailure, runHook, withoutUndone } from "../lifecycle/hook.ts";
import type { ProgramRecord } from "../state/record.ts";
import { exited } from "../state/record-facts.ts";
import { assertNever } from "../lib/assert-never.ts";
import type { Supervised, SupervisorContext } from "./context.ts";
import type { Ends } from "./ends.ts";
import type { Ledger } from "./ledger.ts";
import type { Mailbox } from "./mailbox.ts";
import type { ProgramEvent, StartCause } from "./program-state.ts";
import type { Starter } from "./starter.ts";

/** What the hooks of one program ask for. */
export interface HookPorts {
  readonly around: SupervisorContext;
  readonly ledger: Ledger;
  readonly ends: Ends;
  readonly mailbox: Pick<Mailbox<ProgramEvent>, "signal">;
  readonly starter: Starter;
}

/** Nothing of the program depends on it. */
export function tellFailure(ledger: Ledger, failure: HookFailure | undefined): void {
  if (failure !== undefined) ledger.emit({ kind: "program.hook-failed", ...failure });
}

/**
 * Runs after_exit of a process that has ended, when what it left has as well. Until it is done the process is on
 * record: should we be killed, whoever comes next owes it. `comesBack`: it is started again after that.
 */
export async function runAfterExit(
  { around, ledger, ends, mailbox, starter }: HookPorts,
  settings: ProgramSettings,
  { process, exit, comesBack }: AnEnd,
): Promise<void> {
  if (settings.afterExit === undefined) return;
  await starter.endLeftovers(settings, comesBack);
  const reason = withoutUndone(ledger.base().reason) ?? "it ended";
  try {
    ends.noteAfterExit(comesBack);
  } catch {
    // disk full: status has less to tell for a while
  }
  const occasion = { pid: process.pid, exit, reason };
  const { host } = around;
  tellFailure(ledger, await runHook("after_exit", settings, occasion, host, mailbox.signal));
}

/** As long as it is, its after_exit is owed. */
export function isOnRecord(process: ProcessRef, record: ProgramRecord | undefined): boolean {
  return sameProcess(record?.process, process);
}

/** The end of a process. */
export interface AnEnd {
  readonly process: ProcessRef;
  readonly exit: Exit | undefined;
  readonly comesBack: boolean;
}

/**
 * The process of which after_exit is owed: it is on record, is gone, and is not the one that the machine knows, whose
 * end is noted when that is asked for.
 */
export function owedOf(
  { settings, state }: Supervised,
  record: ProgramRecord | undefined,
  { host }: SupervisorContext,
): ProcessRef | undefined {
  const process = record?.process;
  if (settings.afterExit === undefined || process === undefined) return undefined;
  const isKnown = state.kind === "running" || state.kind === "stopping";
  if (isKnown && sameProcess(state.process, process)) return undefined;
  return sameProcess(host.proc.alive(process.pid), process) ? undefined : process;
}

/** Its after_exit, of an end that nobody saw, or in the middle of which whoever saw it was killed. */
export async function runOwedAfterExit(
  by: HookPorts,
  settings: ProgramSettings,
  process: ProcessRef,
): Promise<void> {
  const { ledger } = by;
  const { lastExit, desired } = ledger.base();
  const exit = lastExit?.pid === process.pid ? lastExit.exit : undefined;
  const comesBack = desired !== "down" && settings.autorestart !== false;
  await runAfterExit(by, settings, { process, exit, comesBack });
  ledger.write(exited(ledger.base()));
}

/** Why a program is started, in a sentence; `reason`: what its record says. */
export function describeCause(cause: StartCause, reason: string | undefined): string {
  const known = withoutUndone(reason);
  switch (cause.kind) {
    case "autostart":
      return "started by usrsvcd, because autostart is set";
    case "operator":
      return "started by usrsvcd, because an operator wants it to run";
    case "resumed":
      return "started by usrsvcd, because it ran before";
    case "death":
      return `restarted by usrsvcd: ${known ?? "it ended"}`;
    case "retry":
      return `tried again by usrsvcd: ${known ?? "its start failed"}`;
    case "due":
      return `started by usrsvcd: ${cause.reason}`;
    case "limit":
    case "with":
      return `restarted by usrsvcd: ${cause.reason}`;
    default:
      return assertNever(cause);
  }
}
