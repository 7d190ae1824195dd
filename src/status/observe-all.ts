import type { ProcessRef } from "../../proc/pid.ts";
import { type ProcReader, statIfAny } from "../../proc/reader.ts";
import type { Program } from "../identity/program.ts";
import { describeProgram } from "./describe-program.ts";
import { readMemory } from "./memory.ts";
import { type Observation, observe, observeAgain } from "./observe.ts";
import type { ProgramStatus } from "./status.ts";
import type { StatusContext } from "./status-context.ts";

/**
 * What there is to tell of each program, in their order. A look only: nothing is written or mended.
 *
 * The read of a process's memory may hang. It is given up then, but goes on in a thread, and keeps
 * Node from ending.
 */
export async function observeAll(
  programs: readonly Program[],
  around: StatusContext,
): Promise<readonly ProgramStatus[]> {
  const looks = programs.map((program) => observe(program, around));
  const processes = looks.map(processOf);
  const { proc } = around.host;
  // Not program by program: waking up a thread each time costs more than it reads in the meantime.
  const reads = readMemory(processes, {
    alive: (pid) => proc.alive(pid),
    smapsRollup: around.smapsRollup ?? (async (pid) => await proc.smapsRollup(pid)),
  });
  const cpuTicks = processes.map((ref) => cpuTicksOf(ref, proc)); // while threads read the memory
  const memory = await reads;
  const again = looks.map((one, index) => observeAgain(one, memory[index], around));
  return again.map((one, index) => {
    const ticks = one === looks[index] ? cpuTicks[index] : undefined;
    return describeProgram(one, { memory: memory[index], cpuTicks: ticks }, around);
  });
}

/** Undefined: it has gone. */
function cpuTicksOf(
  ref: ProcessRef | undefined,
  proc: Pick<ProcReader, "stat">,
): number | undefined {
  const stat = ref && statIfAny(proc, ref.pid);
  return stat?.startTime === ref?.startTime ? stat?.cpuTicks : undefined;
}

/** Whose memory is shown: what does the work. */
function processOf({ found }: Observation): ProcessRef | undefined {
  return found.kind === "running" ? (found.main ?? found.process) : undefined;
}
