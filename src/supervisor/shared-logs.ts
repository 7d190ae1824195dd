import type { ProgramSettings } from "../config/settings.ts";
import type { SupervisedProgram } from "./supervised-program.ts";

/** Which logs several programs write to. */
export class SharedLogs {
  readonly #programs: () => Iterable<Pick<SupervisedProgram, "logs">>;
  /** How many programs write to each file; made anew when it is asked for. */
  #writers: ReadonlyMap<string, number> | undefined;

  constructor(programs: () => Iterable<Pick<SupervisedProgram, "logs">>) {
    this.#programs = programs;
  }

  /** Programs, or their settings, have changed. */
  forget(): void {
    this.#writers = undefined;
  }

  /** True where another program writes to one of these as well. */
  has({ stdout, stderr }: Pick<ProgramSettings, "stdout" | "stderr">): boolean {
    this.#writers ??= countLogs(this.#programs());
    return (this.#writers.get(stdout) ?? 0) > 1 || (this.#writers.get(stderr) ?? 0) > 1;
  }
}

function countLogs(
  programs: Iterable<Pick<SupervisedProgram, "logs">>,
): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { logs } of programs) {
    for (const path of new Set(logs)) counts.set(path, (counts.get(path) ?? 0) + 1);
  }
  return counts;
}
