import type { Pid, ProcessRef } from "../../proc/pid.ts";
import { statIfAny } from "../../proc/reader.ts";
import type { IdentifyPorts } from "./identify-ports.ts";
import type { LivingLaunch } from "./launch-of.ts";
import type { Pattern } from "./match.ts";
import type { TableEntry } from "./process-classifier.ts";

/** Of what the pidfile names: the shell that does its work through it, say. */
export function launchOf(
  { pid }: ProcessRef,
  pattern: Pattern,
  { proc, launchOf: ask }: IdentifyPorts,
): LivingLaunch | undefined {
  const session = statIfAny(proc, pid)?.session as Pid | undefined;
  const leader = session === undefined ? undefined : proc.alive(session);
  const launch = leader && pattern.isLaunched ? ask(leader) : undefined;
  return leader === undefined || launch === undefined ? undefined : { process: leader, launch };
}

/** What was launched is the program, also where its words do not say so: nice(1) has become another, say. */
export function lostLaunch(
  pattern: Pattern,
  ports: IdentifyPorts,
  all: readonly TableEntry[],
): LivingLaunch | undefined {
  if (!pattern.isLaunched) return undefined;
  let best: (LivingLaunch & { readonly isMatch: boolean }) | undefined;
  for (const { ref, argv, session } of all) {
    const launch = session === Number(ref.pid) ? ports.launchOf(ref) : undefined;
    if (launch === undefined) continue;
    // Among several, one that continues in a session of its own may come from an earlier launch.
    const isMatch = pattern.matches(argv);
    const isBetter =
      best === undefined ||
      (isMatch === best.isMatch ? ref.startTime > best.process.startTime : isMatch);
    if (isBetter) best = { process: ref, launch, isMatch };
  }
  return best && { process: best.process, launch: best.launch };
}

/**
 * What was launched where the record of that is lost, and it has written a title over its mark as well, as
 * redis does: it leads its session, runs a file of the command, and writes to the program's log.
 */
export function lostWriter(
  { isLaunched, isShell }: Pattern,
  ports: IdentifyPorts,
  all: readonly TableEntry[],
): ProcessRef | undefined {
  if (!isLaunched || isShell) return undefined;
  return all.find(
    ({ ref, argv, session }) =>
      argv.length > 0 && // no thread of the kernel
      session === Number(ref.pid) &&
      ports.writesItsLog(ref) &&
      ports.relation(ref) !== "other",
  )?.ref;
}
