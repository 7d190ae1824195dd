import type { ExitCode } from "../exit-code.ts";
import { leaveSoon } from "./leave.ts";
import { run } from "./run.ts";
import { processScreen, type Screen } from "./screen.ts";

/** Does what `usrsvc` was called for, on the process's own streams, and ends the process with its exit code. */
export function begin(
  argv: readonly string[],
  answer: (screen: Screen) => Promise<ExitCode> | ExitCode,
): void {
  const main = async (): Promise<ExitCode> => {
    using screen = processScreen();
    return await run("usrsvc", screen, argv.includes("--debug"), async () => await answer(screen));
  };
  void main().then((code) => {
    process.exitCode = code;
    leaveSoon(code);
  });
}
