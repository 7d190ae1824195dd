import { rmSync, statSync } from "node:fs";
import type { LifecyclePorts } from "./ports.ts";
import { isWrittenSince, readPidfile } from "../state/pidfile.ts";
import type { Program } from "../identity/program.ts";

/** No pidfile is longer, in bytes. */
const LONGEST = 80;

/** What became of a pidfile that names nobody of its program. */
export interface StalePidfile {
  readonly isRemoved: boolean;
  /** One sentence for people; names the path. */
  readonly text: string;
}

/**
 * Removes the pidfile of a program that does not run, unless the program writes it itself. Undefined
 * where there is nothing to tell. Under the program's lock only.
 *
 * One that names a living process which was there before it is kept: the program, perhaps, that is
 * not known by its command line (settings that were changed, one that 1.x had started), and then the
 * only trace of it. What is no pidfile at all, but some text, is kept as well.
 *
 * @throws when it cannot be removed
 */
export function removeStalePidfile(
  { name, autopid, pidfile: path }: Pick<Program, "name" | "autopid" | "pidfile">,
  { proc, ownerOf }: Pick<LifecyclePorts, "proc" | "ownerOf">,
): StalePidfile | undefined {
  if (!autopid || path === undefined) return undefined;
  const found = readPidfile(path);
  const remove = (why: string): StalePidfile => {
    rmSync(path, { force: true });
    return { isRemoved: true, text: `stale pidfile ${path} removed: ${why}` };
  };
  if (found.kind === "garbage" && isBlank(found.text, path)) return remove("it was empty");
  if (found.kind !== "pid") return undefined;
  const { pid } = found;
  const process = proc.alive(pid);
  if (process === undefined) return remove(`process ${pid} has ended`);
  const owner = ownerOf(process);
  if (owner !== undefined && owner !== name) return undefined; // they share it
  if (!isWrittenSince(path, process, proc.uptime())) return remove(`${pid} is another process now`);
  const text = `pidfile ${path} names process ${pid}, which does not match: left as it is`;
  return { isRemoved: false, text };
}

/** As a power failure leaves it. What is larger is no pidfile, whatever it begins with. */
function isBlank(text: string, path: string): boolean {
  return /^[\s\0]*$/.test(text) && statSync(path).size <= LONGEST;
}
