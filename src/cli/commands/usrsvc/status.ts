import type { ExitCode } from "../../../exit-code.ts";
import { jsonLine } from "../../../lib/tame.ts";
import { look, type Report } from "../../../operations/looking/look.ts";
import { openSite } from "../../../operations/site.ts";
import { STATUS_SCHEMA } from "../../../status/status.ts";
import { command } from "../../command.ts";
import { configErrors } from "../../config-errors.ts";
import { parallel, programNames } from "../../programs.ts";
import type { Screen } from "../../screen.ts";
import { onHosts } from "../../hosts-options.ts";
import { showStatus } from "../../show-status.ts";

/** `--watch` is for those who have `top` (live-status.ts). */
export const status = command({
  name: "status",
  summary:
    "what is running, for how long and with how much memory; what is down, why, and what is next",
  arguments: { kind: "programs", isOptional: true },
  options: {
    parallel, // it has no effect here, and does no harm in a script
    watch: { short: "w", help: "live, as usrsvc top shows it" },
    ...onHosts,
  },
  isLook: true,
  async run({ words, options, screen }): Promise<ExitCode> {
    const { json, config } = options;
    const names = programNames(words);
    using site = openSite(config);
    const { unknown, report } = look(site, { names, withCommands: json });
    for (const line of configErrors(site.settings, names)) screen.complain(line);
    for (const { program, message } of unknown) screen.complain(`${program}: ${message}`);
    const found = await report();
    if (json) showJson(found, screen);
    else show(found, names.length === 0, screen);
    return found.code;
  },
});

function showJson({ programs, notes }: Report, screen: Screen): void {
  const more = notes.length === 0 ? {} : { notes };
  for (const one of programs) screen.page(jsonLine({ schema: STATUS_SCHEMA, ...one, ...more }));
}

function show({ programs, notes }: Report, isAll: boolean, screen: Screen): void {
  if (programs.length === 0 && isAll) screen.complain("the configuration has no programs yet");
  showStatus(programs, notes, screen);
}
