import { type ProcessRef, sameProcess } from "../../proc/pid.ts";
import { statIfAny } from "../../proc/reader.ts";
import { isDescendant } from "../../proc/tree.ts";
import { markOf } from "./mark.ts";
import type { IdentityPorts } from "./ports.ts";
import type { TableEntry } from "./process-classifier.ts";

/** What a launch has made, as far as it is known. */
export interface Launch {
  /** Its id. */
  readonly launch: string | undefined;
  /** The leader of its session. */
  readonly launched: ProcessRef;
  /** `image` (proc/stat.ts) of what was launched: what it forks without exec has the same. */
  readonly image?: number | undefined;
  /** The session that what went to the background has made. */
  readonly session?: number | undefined;
}

/**
 * All living processes that stem from a launch, what was launched among them. With `host` also those
 * that left its tree and its session, by their mark, or as copies of what was launched: that takes two
 * reads for each one born since.
 */
export function offspring(
  { launch, launched, image, session: own }: Launch,
  all: readonly TableEntry[],
  host?: Pick<IdentityPorts, "proc">,
): readonly TableEntry[] {
  const parents = new Map(all.map((one) => [one.ref.pid as number, one.ppid]));
  return all.filter(({ ref, session }) => {
    if (ref.startTime < launched.startTime || ref.pid === process.pid) return false;
    if (ref.pid === launched.pid || session === launched.pid || session === own) return true;
    if (isDescendant(ref.pid, launched.pid, (pid) => parents.get(pid))) return true;
    if (host === undefined || launch === undefined) return false;
    return bearsLaunch(ref, { launch, image }, host.proc);
  });
}

/** True for what bears the mark of the launch; or none, and is a copy: daemons such as redis write over theirs. */
export function bearsLaunch(
  ref: ProcessRef,
  { launch, image }: Pick<Launch, "launch" | "image">,
  proc: IdentityPorts["proc"],
): boolean {
  const mark = markOf(proc, ref.pid);
  return mark === undefined ? isCopy(ref, image, proc) : mark.launch === launch;
}

/**
 * True while anything lives that stems from the launch on record: of a daemon the first process leaves
 * before its pidfile names the one that stays.
 */
export function isLaunchAlive(
  launch: Launch,
  host: Pick<IdentityPorts, "proc" | "table">,
): boolean {
  const { launched } = launch;
  if (sameProcess(host.proc.alive(launched.pid), launched)) return true;
  return offspring(launch, host.table.scan({ thorough: true }), host).length > 0;
}

/** True for what was forked from a process with this `image`, and did not execute anything since. */
export function isCopy(
  { pid }: ProcessRef,
  image: number | undefined,
  proc: IdentityPorts["proc"],
): boolean {
  return (image ?? 0) > 0 && statIfAny(proc, pid)?.image === image;
}
