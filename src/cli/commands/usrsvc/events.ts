import { ExitCode } from "../../../exit-code.ts";
import { jsonLine } from "../../../lib/tame.ts";
import { findEvents } from "../../../operations/events.ts";
import { openSite } from "../../../operations/site.ts";
import type { HistoryLine } from "../../../state/history.ts";
import { command } from "../../command.ts";
import { parallel, programNames } from "../../programs.ts";
import { untilSignalled } from "../../run.ts";
import { readLimits, renderEvent, USUAL_LINES } from "../../event-text.ts";
import { onHosts } from "../../hosts-options.ts";

export const events = command({
  name: "events",
  summary: "what happened to programs: starts, ends, restarts, limits, who stopped them",
  arguments: { kind: "programs", isOptional: true },
  options: {
    parallel, // it has no effect here, and does no harm in a script
    follow: { short: "f", help: "go on with what happens from now on" },
    lines: { short: "n", value: "N", help: `the latest N events (default ${USUAL_LINES})` },
    since: { value: "TIME", help: "those since then: 10m, 04:30, 2030-01-31, 2030-01-31T04:30" },
    ...onHosts,
  },
  isLook: true,
  async run({ words, options: { follow, lines, since, json, config }, screen }): Promise<ExitCode> {
    const { sinceMs, most } = readLimits(since, lines);
    using site = openSite(config);
    const found = findEvents(site, { names: programNames(words), most, sinceMs });
    for (const { program, message } of found.unknown) screen.complain(`${program}: ${message}`);
    const show = (all: readonly HistoryLine[]): void => {
      for (const line of all) {
        if (json) screen.page(jsonLine({ ...line }));
        else screen.result(renderEvent(line));
      }
    };
    show(found.lines);
    if (found.lines.length === 0 && !follow && !json && found.unknown.length === 0) {
      screen.complain(
        `nothing is known to have happened${since === undefined ? "" : ` since ${since}`}`,
      );
    }
    if (follow) {
      await untilSignalled(async (signal) => {
        await found.follow(show, signal);
        return ExitCode.ok;
      });
    }
    return found.unknown.length > 0 ? ExitCode.undefinedProgram : ExitCode.ok;
  },
});
