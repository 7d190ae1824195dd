import type { ProcessRef } from "../../proc/pid.ts";
import { type ProcReader, statIfAny } from "../../proc/reader.ts";
import { tellOf } from "./finding.ts";
import type { IdentifyPorts } from "./identify-ports.ts";
import { launchedAt, markOf } from "./mark.ts";
import type { TableEntry } from "./process-classifier.ts";
import { isDown } from "./recorded.ts";
import type { ProgramRecord } from "../state/record.ts";

/**
 * Of what the program has launched and what matches: the one that took its place (a classic daemon
 * whose first process has left, an upgrade of gunicorn). Several side by side are workers.
 */
export function successor(
  matching: readonly TableEntry[],
  record: ProgramRecord | undefined,
  ports: IdentifyPorts,
): ProcessRef | undefined {
  const [first, ...others] = matching;
  if (first === undefined) return undefined;
  const { tell } = ports;
  if (isLeftByStop(first.ref, record, ports.proc)) {
    for (const { ref } of matching) tellOf(tell, ref, { kind: "left-by-stop" });
    return undefined;
  }
  const mayBeSeveral = record?.process === undefined || record.state === "starting";
  for (const { ref } of others) tellOf(tell, ref, { kind: "one-of-several" });
  if (others.length > 0 && !mayBeSeveral) {
    tellOf(tell, first.ref, { kind: "one-of-several" });
    return undefined;
  }
  if (!isLeftOver(first.ref, record, ports)) return first.ref;
  tellOf(tell, first.ref, { kind: "left-over" });
  return undefined;
}

/**
 * A worker that a dead process has left behind: forked from it, so that it is its copy, in its session.
 * What was executed again, or leads a session, or whose parent exited with 0, takes its place, unless an
 * operator has stopped the program: so does what was launched, when a record that is damaged names it wrongly.
 */
export function isLeftOver(
  ref: ProcessRef,
  record: ProgramRecord | undefined,
  { proc }: IdentifyPorts,
): boolean {
  if (record?.image === undefined || record.state === "starting") return false;
  const stat = statIfAny(proc, ref.pid);
  if (stat?.image !== record.image) return false;
  if (isDown(record)) return isLeftByStop(ref, record, proc);
  if (stat.session === Number(ref.pid)) return false;
  const { launched, process, session, lastExit } = record;
  return [launched?.pid, process?.pid, session, lastExit?.pid].includes(stat.session);
}

/** An operator has stopped the program; false for what was launched since: its record was never written. */
function isLeftByStop(
  { pid }: ProcessRef,
  record: ProgramRecord | undefined,
  proc: ProcReader,
): boolean {
  if (record === undefined || !isDown(record)) return false;
  const launch = markOf(proc, pid)?.launch;
  const at = launch === undefined || launch === record.launch ? undefined : launchedAt(launch);
  const knownAt = record.launch === undefined ? record.desiredAt : launchedAt(record.launch);
  return at === undefined || knownAt === undefined || at <= knownAt;
}
