import { isForHosts, parse } from "./cli/args.ts";
import { usrsvc } from "./cli/commands/usrsvc/table.ts";
import { leaveSoon } from "./cli/leave.ts";
import { runElsewhere } from "./cli/on-hosts.ts";
import { showPage } from "./cli/pages.ts";
import { run } from "./cli/run.ts";
import { processScreen } from "./cli/screen.ts";
import type { ExitCode } from "./exit-code.ts";

async function main(): Promise<ExitCode> {
  using screen = processScreen();
  const argv = process.argv.slice(2);
  return await run("usrsvc", screen, argv.includes("--debug"), async () => {
    const asked = parse(argv, usrsvc);
    if (asked.kind !== "run") return await showPage(asked.kind, usrsvc, screen);
    if (isForHosts(asked)) return await runElsewhere({ ...asked, screen });
    return await asked.command.run({ ...asked, screen });
  });
}

void main().then((code) => {
  process.exitCode = code;
  leaveSoon(code);
});
