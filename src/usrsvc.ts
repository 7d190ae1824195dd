import { act } from "./cli/act.ts";
import { parseCommand } from "./cli/args.ts";
import { leaveSoon } from "./cli/leave.ts";
import { manual } from "./cli/manual.ts";
import { run } from "./cli/run.ts";
import { processScreen } from "./cli/screen.ts";
import { usage } from "./cli/usage.ts";
import { ExitCode } from "./exit-code.ts";
import { version } from "./package-root.ts";

async function main(): Promise<ExitCode> {
  using screen = processScreen();
  const argv = process.argv.slice(2);
  return await run("usrsvc", screen, argv.includes("--debug"), async () => {
    const command = parseCommand(argv);
    switch (command.kind) {
      case "help":
        screen.page(usage.trimEnd());
        return ExitCode.ok;
      case "version":
        screen.page(`usrsvc ${version()}`);
        return ExitCode.ok;
      case "readme":
        screen.page(manual());
        return ExitCode.ok;
      case "act":
        return await act(command, screen);
    }
  });
}

void main().then((code) => {
  process.exitCode = code;
  leaveSoon(code);
});
