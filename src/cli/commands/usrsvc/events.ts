import { ExitCode } from "../../../exit-code.ts";
import { jsonLine } from "../../../lib/tame.ts";
import { stateDirOf } from "../../../operations/configuration.ts";
import { findAllEvents, findEvents } from "../../../operations/looking/events.ts";
import { openSite } from "../../../operations/site.ts";
import type { HistoryLine } from "../../../state/history.ts";
import { command } from "../../command.ts";
import { lookingBack, readLimits } from "../../looking-back.ts";
import { parallel, programNames } from "../../programs.ts";
import { onHosts } from "../../hosts-options.ts";
import { eventLines } from "../../render-event.ts";
import { untilNobodyReads } from "../../run.ts";

export const events = command({
  name: "events",
  summary: "what happened to programs: starts, ends, restarts, limits, who stopped them",
  arguments: { kind: "programs", isOptional: true },
  options: {
    parallel, // it has no effect here, and does no harm in a script
    ...lookingBack,
    ...onHosts,
  },
  isLook: true,
  async run({ words, options: { follow, lines, since, json, config }, screen }): Promise<ExitCode> {
    const { sinceMs, most } = readLimits(since, lines);
    const names = programNames(words);
    using site = names.length === 0 ? undefined : openSite(config); // it is much to read, and seldom needed
    const asked = { most, sinceMs };
    const found =
      site === undefined
        ? findAllEvents(stateDirOf(config), asked)
        : findEvents(site, names, asked);
    for (const { program, message } of found.unknown) screen.complain(`${program}: ${message}`);
    const show = (all: readonly HistoryLine[]): void => {
      if (all.length === 0) return;
      // At once: each write takes its time.
      if (json) screen.page(all.map((line) => jsonLine({ ...line })).join("\n"));
      else screen.lines(all.flatMap(eventLines));
    };
    show(found.lines);
    if (found.lines.length === 0 && !follow && !json && found.unknown.length === 0) {
      screen.complain(
        `nothing is known to have happened${since === undefined ? "" : ` since ${since}`}`,
      );
    }
    if (follow) {
      await untilNobodyReads(screen, async (signal, onShown) => {
        const onLines = (all: readonly HistoryLine[]): void => {
          show(all);
          onShown();
        };
        await found.follow(onLines, signal);
      });
    }
    return found.unknown.length > 0 ? ExitCode.undefinedProgram : ExitCode.ok;
  },
});
