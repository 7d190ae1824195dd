import type { ProcessRef } from "../../proc/pid.ts";
import type { Program } from "../identity/program.ts";
import { describeProgram } from "./describe-program.ts";
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
  // Not program by program: waking up a thread each time costs more than it reads in the meantime.
  const memory = await readMemory(looks.map(processOf), around.host.proc);
  const again = looks.map((one, index) => observeAgain(one, memory[index], around));
  return again.map((one, index) => describeProgram(one, memory[index], around));
}

/** One program, with what its status was made of. */
export interface Observed extends Observation {
  readonly status: ProgramStatus;
  /** Of what does its work. */
  readonly memory: Memory | undefined;
}

/** The same for one program, for who wants to know more. */
export async function observeOne(program: Program, around: StatusContext): Promise<Observed> {
  const first = observe(program, around);
  const [memory] = await readMemory([processOf(first)], around.host.proc);
  const seen = observeAgain(first, memory, around);
  return { ...seen, memory, status: describeProgram(seen, memory, around) };
}

/** Whose memory is shown: what does the work. */
function processOf({ found }: Observation): ProcessRef | undefined {
  return found.kind === "running" ? (found.main ?? found.process) : undefined;
}
