import { ProcError } from "../../proc/error.ts";
import { type ProcessRef, sameProcess } from "../../proc/pid.ts";
import type { ProcReader } from "../../proc/reader.ts";

/** So many processes' memory is read at once: it keeps all threads busy, and few files open. */
const AT_ONCE = 32;
/** So long all reads of memory together may take: one waits for the process's memory lock. */
const MEMORY_PATIENCE_MS = 3000;

/** In bytes; hardened programs do not let their user look. */
export type Memory = number | "gone" | "hidden" | "hangs";

/** The private memory of each process, in their order, within one deadline for all. */
export async function readMemory(
  processes: readonly (ProcessRef | undefined)[],
  proc: Pick<ProcReader, "smapsRollup" | "alive">,
): Promise<readonly (Memory | undefined)[]> {
  let giveUp = (): void => {};
  const tooLate = new Promise<void>((resolve) => (giveUp = resolve));
  const timer = setTimeout(giveUp, MEMORY_PATIENCE_MS);
  const all: (Memory | undefined)[] = [];
  const left = processes.entries();
  const readSome = async (): Promise<void> => {
    for (const [index, ref] of left) {
      if (ref !== undefined) all[index] = await privateMemory(ref, proc, tooLate);
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, readSome));
  } finally {
    clearTimeout(timer);
  }
  return all;
}

async function privateMemory(
  ref: ProcessRef,
  proc: Pick<ProcReader, "smapsRollup" | "alive">,
  tooLate: Promise<void>,
): Promise<Memory> {
  try {
    const read = await Promise.race([proc.smapsRollup(ref.pid), tooLate]);
    return read?.privateBytes ?? "hangs";
  } catch (error) {
    if (!(error instanceof ProcError)) throw error;
    // The file of a process that lives says "gone" where only the first of its threads has left.
    return sameProcess(proc.alive(ref.pid), ref) ? "hidden" : "gone";
  }
}
