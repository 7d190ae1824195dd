import { spawn } from "node:child_process";
import type { Exit } from "../../proc/exit.ts";

/** Where a command runs. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string>>;
  readonly directory: string;
  /** A descriptor that its output goes to; undefined: nowhere. */
  readonly output?: number | undefined;
  /** Called when it runs. */
  readonly onSpawned?: ((pid: number) => void) | undefined;
}

/**
 * Runs a command to its end, in a session of its own. What still runs when the signal is aborted is ended with its
 * group, and the promise rejects with what the signal says.
 *
 * @throws what Node throws where it cannot be executed
 */
export async function runWords(
  [file = "", ...words]: readonly string[],
  { env, directory, output, onSpawned }: Surroundings,
  signal: AbortSignal,
): Promise<Exit> {
  signal.throwIfAborted();
  return await new Promise((resolve, reject) => {
    const stdio = output === undefined ? ("ignore" as const) : output;
    const child = spawn(file, words, {
      env,
      cwd: directory,
      stdio: ["ignore", stdio, stdio],
      detached: true,
    });
    if (child.pid !== undefined) onSpawned?.(child.pid);
    const end = (): void => {
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, "SIGKILL"); // not reaped yet: the group is its own
      } catch {
        // it has just ended
      }
    };
    signal.addEventListener("abort", end, { once: true });
    child.once("error", reject);
    child.once("exit", (code, by) => {
      signal.removeEventListener("abort", end);
      if (signal.aborted) reject(signal.reason as Error);
      else if (by !== null) resolve({ kind: "signal", signal: by, coreDumped: false });
      else resolve({ kind: "code", code: code ?? 0 });
    });
  });
}
