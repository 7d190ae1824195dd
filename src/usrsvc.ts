import { isForHosts, parse } from "./cli/args.ts";
import { begin } from "./cli/begin.ts";
import { usrsvc } from "./cli/commands/usrsvc/table.ts";
import { runElsewhere } from "./cli/on-hosts.ts";
import { showPage } from "./cli/pages.ts";

const argv = process.argv.slice(2);

begin(argv, async (screen) => {
  const asked = parse(argv, usrsvc);
  if (asked.kind !== "run") return await showPage(asked.kind, usrsvc, screen);
  if (isForHosts(asked)) return await runElsewhere({ ...asked, screen });
  return await asked.command.run({ ...asked, screen });
});
