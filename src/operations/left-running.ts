import type { ProcessRef } from "../../proc/pid.ts";
import type { Host } from "../program/host.ts";
import { offspring, relation } from "../program/lineage.ts";
import { isOnlyLogOf } from "../program/log-owners.ts";
import { describeRunOn, describeStragglers } from "../program/stragglers.ts";
import type { ProgramRecord } from "../program/record.ts";

/**
 * What stems from a program that was stopped, and runs on, since it has left the program's session: in
 * words, one line each. It takes some reads for each process that was born since.
 */
export function describeLeftRunning(
  { name, launch, launched, image }: ProgramRecord,
  host: Host,
): readonly string[] {
  if (launched === undefined) return describeStragglers(name, host);
  const all = host.table.sweep({ thorough: true });
  const stems = new Set(offspring({ launch, launched, image }, all, host));
  const { programs } = host;
  const itself = programs && [...programs()].find((one) => one.name === name);
  const isItsLog = ({ pid }: ProcessRef): boolean =>
    programs !== undefined && itself !== undefined && isOnlyLogOf(itself, pid, programs);
  const left = all
    .filter((one) => one.ref.startTime >= launched.startTime && host.ownerOf(one.ref) === undefined)
    .filter((one) => stems.has(one) || isItsLog(one.ref))
    .filter(({ ref }) => relation(ref, name, host) !== "other");
  return describeRunOn(left, "it");
}
