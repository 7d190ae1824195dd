import type { ProcessRef } from "../../proc/pid.ts";
import { shorten } from "../format.ts";
import type { Host } from "../program/host.ts";
import { offspring, relation } from "../program/lineage.ts";
import { isOnlyLogOf } from "../program/log-owners.ts";
import { describeStragglers } from "../program/stragglers.ts";
import type { ProgramRecord } from "../program/record.ts";

/** So many are named. */
const MOST_TOLD = 3;

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
  return all
    .filter((one) => one.ref.startTime >= launched.startTime && host.ownerOf(one.ref) === undefined)
    .filter((one) => stems.has(one) || isItsLog(one.ref))
    .filter(({ ref }) => relation(ref, name, host) !== "other")
    .slice(0, MOST_TOLD)
    .map(({ ref, argv }) => {
      const words = shorten(argv.join(" ").trim(), 60);
      return `process ${ref.pid} (${words}) stems from it, in a session of its own, and runs on`;
    });
}
