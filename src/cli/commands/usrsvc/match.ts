import { ExitCode } from "../../../exit-code.ts";
import { jsonLine } from "../../../lib/tame.ts";
import { UsageError } from "../../args.ts";
import { command } from "../../command.ts";
import { onHosts } from "../../hosts-options.ts";

export const match = command({
  name: "match",
  summary: "which processes a regular expression, as in proctitle_re, would find now",
  arguments: { kind: "word", what: "expression", value: "REGEX", isQuoted: true },
  options: { ...onHosts },
  isLook: true,
  async run({ words, options: { json, config }, screen }): Promise<ExitCode> {
    const [source = ""] = words;
    // What few commands need is loaded by those.
    const [{ findMatches, openMatchSite }, { renderMatches }] = await Promise.all([
      import("../../../operations/explain/match.ts"),
      import("../../render-matches.ts"),
    ]);
    using site = openMatchSite(config);
    for (const hint of site.hints) screen.complain(`note: ${hint}`);
    const found = findMatches(site, source);
    if ("problem" in found) throw new UsageError(`the expression cannot be used: ${found.problem}`);
    if (site.programs.has(source)) {
      screen.complain(
        `note: ${source} is also a program; usrsvc explain ${source} says which process it is`,
      );
    }
    const { processes, ...summary } = found;
    if (json) {
      for (const one of processes) screen.page(jsonLine(one));
      screen.page(jsonLine({ expression: source, matches: processes.length, ...summary }));
    } else {
      screen.result(renderMatches(found));
    }
    return processes.length > 0 ? ExitCode.ok : ExitCode.failure;
  },
});
