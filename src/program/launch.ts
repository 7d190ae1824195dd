import type { Exit } from "../../proc/exit.ts";
import type { ProcessRef } from "../../proc/pid.ts";
import type { ProgramSettings } from "../config/settings.ts";
import type { Host } from "./host.ts";
import { launchLine } from "./launch-line.ts";
import type { Launcher } from "./launcher.ts";
import { openOutput, type Output } from "./output.ts";

/** A process that waits for the word to become the program. */
export interface Launched {
  /** What is to become the program. */
  readonly process: ProcessRef;
  /** The shell that waits for it. */
  readonly launcher: ProcessRef;
  /** True when it was made before: its age is none of the program's. */
  readonly isWarm: boolean;
  /** Size of the logs before. */
  readonly logged: { readonly stdout: number; readonly stderr: number };
  /** Lets it become the program. */
  go(): void;
  /** How it ended, told by the launcher; pending while it runs, and for ever after `release`. */
  readonly exited: Promise<Exit>;
  /** Ends the launcher. Before `go`, that ends the process too; after, init becomes its parent. */
  release(): void;
}

/**
 * Gets a launcher for a program, up to the point where the pid is known.
 *
 * @throws {LaunchError} when there is no shell or setsid, or when no process can be made; and what
 * opening the logs throws
 */
export async function launch(program: ProgramSettings, host: Host): Promise<Launched> {
  const stdout = openOutput(program.stdout);
  let stderr: Output | undefined;
  let launcher: Launcher | undefined;
  const release = (): void => {
    launcher?.release();
    stdout.close();
    stderr?.close();
  };
  try {
    stderr = program.stderr === program.stdout ? stdout : openOutput(program.stderr);
    // The launcher opens them itself. A FIFO without a writer might lose its reader meanwhile.
    for (const output of [stdout, stderr]) if (!output.isFifo) output.close();
    // A terminal must be opened by a process that does not lead its session.
    launcher = await host.launchers.take(!stdout.mayBeTerminal && !stderr.mayBeTerminal);
    launcher.prepare(launchLine(program, host, launcher.setsid));
    const { process, shell, exited } = launcher;
    return {
      process,
      launcher: shell,
      isWarm: launcher.setsid === undefined,
      logged: { stdout: stdout.size, stderr: stderr.size },
      go: () => launcher?.go(),
      exited,
      release,
    };
  } catch (error) {
    release();
    throw error;
  }
}
