import { ExitCode } from "../../../exit-code.ts";
import { jsonLine } from "../../../lib/tame.ts";
import { openSite } from "../../../operations/site.ts";
import { command } from "../../command.ts";
import { onHosts } from "../../hosts-options.ts";
import { parallel, programNames } from "../../programs.ts";

export const explain = command({
  name: "explain",
  summary:
    "which process a program is and how that was decided, what comes next and why, and what to do",
  arguments: { kind: "programs" },
  options: { parallel, ...onHosts }, // the first has no effect here, and does no harm in a script
  isLook: true,
  async run({ words, options: { json, config }, screen }): Promise<ExitCode> {
    using site = openSite(config);
    // What few commands need is loaded by those.
    const [{ explain: begin }, { explanationLines }] = await Promise.all([
      import("../../../operations/explain/explain.ts"),
      import("../../render-explanation.ts"),
    ]);
    const { unknown, explanations, notes } = begin(site, programNames(words));
    for (const { program, message } of unknown) screen.complain(`${program}: ${message}`);
    let isFirst = true;
    for await (const one of explanations()) {
      const more = notes();
      if (json) screen.page(jsonLine(more.length === 0 ? one : { ...one, notes: more }));
      else {
        const blank = isFirst ? [] : [{ indent: 0, text: "" }];
        screen.lines([...blank, ...explanationLines(one, Date.now())]);
      }
      isFirst = false;
    }
    if (!json && !isFirst) for (const note of notes()) screen.result(`note: ${note}`);
    return unknown.length > 0 ? ExitCode.undefinedProgram : ExitCode.ok;
  },
});
