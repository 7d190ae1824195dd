import { runWords } from "../launch/run-words.ts";
import { describeExit } from "../lib/describe-exit.ts";
import type { CheckContext } from "./run-check.ts";

/** Undefined where the command exits with 0; else how it ended. What is late is ended with its group. */
export async function succeeds(
  words: readonly string[],
  { env, directory }: Pick<CheckContext, "env" | "directory">,
  signal: AbortSignal,
): Promise<string | undefined> {
  const exit = await runWords(words, { env, directory }, signal);
  return exit.kind === "code" && exit.code === 0 ? undefined : `${words[0]} ${describeExit(exit)}`;
}
