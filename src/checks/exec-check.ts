import { spawn } from "node:child_process";
import { describeExit } from "../lib/describe-exit.ts";
import type { CheckContext } from "./run-check.ts";

/** Undefined where the command exits with 0; else how it ended. What is late is ended with its group. */
export async function succeeds(
  [file = "", ...words]: readonly string[],
  { env, directory }: Pick<CheckContext, "env" | "directory">,
  signal: AbortSignal,
): Promise<string | undefined> {
  signal.throwIfAborted();
  return await new Promise((resolve, reject) => {
    const child = spawn(file, words, { env, cwd: directory, stdio: "ignore", detached: true });
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
      if (signal.aborted) return reject(new Error("aborted"));
      if (code === 0) return resolve(undefined);
      const exit =
        by === null
          ? ({ kind: "code", code: code ?? 0 } as const)
          : ({ kind: "signal", signal: by, coreDumped: false } as const);
      resolve(`${file} ${describeExit(exit)}`);
    });
  });
}
