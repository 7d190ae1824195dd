import type { Exit } from "../../proc/exit.ts";
import type { ProcessRef } from "../../proc/pid.ts";
import { describeIgnored } from "../lifecycle/ignored.ts";
import type { StopStep } from "../lifecycle/stop-plan.ts";
import { explained } from "../state/record-facts.ts";
import { stopped, stopping } from "../state/transitions.ts";
import { operatorOf, plainEnd } from "./last-end.ts";
import type { Ledger } from "./ledger.ts";

/*
 * What is written of a process that usrsvcd ends: on record, and in the log. Of its end itself: ends.ts.
 */

/** It is told to end: on disk before the signal, as an operator's stop is. */
export function tellStopping(
  ledger: Ledger,
  process: ProcessRef,
  reason: string,
  isLast: boolean,
): void {
  ledger.write(stopping(ledger.base(), process, reason));
  const { pid } = process;
  ledger.emit({ kind: "program.stopping", pid, reason, isFinishing: false, isLast });
}

/** What was told to end did not: the reason for its end says that as well. What follows is written at once after. */
export function noteResisted(ledger: Ledger, sent: readonly StopStep[]): void {
  const record = ledger.base();
  const last = sent.at(-1)?.signal;
  const how = last === "SIGKILL" ? "killed" : `ended by ${last}`;
  const reason = `${record.reason}; ${how}, because ${describeIgnored(sent)}`;
  ledger.keep(explained(record, reason));
}

/** What an operator should know of how it was ended: that its stop_command has failed. */
export function tellNotes(ledger: Ledger, { pid }: ProcessRef, notes: readonly string[]): void {
  for (const text of notes) ledger.emit({ kind: "program.warning", what: "note", pid, text });
}

/** Whoever was ending it was killed, or called off. */
export function tellFinishing(ledger: Ledger, process: ProcessRef): void {
  const { pid } = process;
  const { record } = ledger;
  const what = operatorOf(process, record) ?? `an end because of ${record?.reason}`;
  const reason = `${what} was interrupted`;
  ledger.emit({ kind: "program.stopping", pid, reason, isFinishing: true, isLast: false });
}

/** It is ended: on disk as whoever began it would have left it. */
export function tellFinished(
  ledger: Ledger,
  process: ProcessRef,
  exit: Exit | undefined,
  isHeld: boolean,
): void {
  const record = ledger.base();
  const by = operatorOf(process, ledger.record);
  const ender = by ?? `usrsvcd: ${record.reason}`;
  const at = new Date().toISOString();
  const { pid } = process;
  const after = stopped(record, {
    reason: record.desired === "down" ? "stopped by usrsvc" : record.reason,
    lastExit: exit === undefined ? record.lastExit : { at, pid, exit, by: ender },
    ended: by === undefined ? record.ended : { process, by },
  });
  ledger.write(after);
  if (isHeld || exit === undefined) return; // told when its end is noticed
  ledger.emit({ ...plainEnd, pid, exit, by: ender });
}

/** It outlives SIGKILL; `isKnown`: it did so before. */
export function tellStuck(
  ledger: Ledger,
  { pid }: ProcessRef,
  state: string,
  isKnown: boolean,
): void {
  const { reason } = ledger.base();
  ledger.emit({ kind: "program.stuck", pid, state, reason, isKnown });
}
