import type { ProcessRef } from "../../proc/pid.ts";
import { type ProcReader, statIfAny } from "../../proc/reader.ts";
import type { Program } from "../identity/program.ts";
import { describeProgram, type Measured } from "./describe-program.ts";
import { type Memory, readMemory } from "./memory.ts";
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
  const measured = await measure(looks.map(processOf), around);
  return looks.map((look, index) => described(look, measured[index], around).status);
}

/** Not program by program: waking up a thread each time costs more than it reads in the meantime. */
async function measure(
  processes: readonly (ProcessRef | undefined)[],
  { host: { proc }, smapsRollup }: StatusContext,
): Promise<readonly Measured[]> {
  const reads = readMemory(processes, {
    alive: (pid) => proc.alive(pid),
    smapsRollup: smapsRollup ?? (async (pid) => await proc.smapsRollup(pid)),
  });
  const cpuTicks = processes.map((ref) => cpuTicksOf(ref, proc)); // while threads read the memory
  const memory = await reads;
  return cpuTicks.map((ticks, index) => ({ memory: memory[index], cpuTicks: ticks }));
}

function described(
  look: Observation,
  { memory, cpuTicks }: Measured = { memory: undefined, cpuTicks: undefined },
  around: StatusContext,
): Observed {
  const again = observeAgain(look, memory, around);
  const own = { memory, cpuTicks: again === look ? cpuTicks : undefined };
  return { ...again, memory, status: describeProgram(again, own, around) };
}

/** Undefined: it has gone. */
function cpuTicksOf(
  ref: ProcessRef | undefined,
  proc: Pick<ProcReader, "stat">,
): number | undefined {
  const stat = ref && statIfAny(proc, ref.pid);
  return stat?.startTime === ref?.startTime ? stat?.cpuTicks : undefined;
}

/** One program, with what its status was made of. */
export interface Observed extends Observation {
  readonly status: ProgramStatus;
  /** Of what does its work. */
  readonly memory: Memory | undefined;
}

/** The same for one program, for who wants to know more. */
export async function observeOne(program: Program, around: StatusContext): Promise<Observed> {
  const look = observe(program, around);
  const [measured] = await measure([processOf(look)], around);
  return described(look, measured, around);
}

/** Whose memory is shown: what does the work. */
function processOf({ found }: Observation): ProcessRef | undefined {
  return found.kind === "running" ? (found.main ?? found.process) : undefined;
}
