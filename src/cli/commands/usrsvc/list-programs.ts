import { ExitCode } from "../../../exit-code.ts";
import { programNamesOf } from "../../../operations/program-names.ts";
import { command } from "../../command.ts";
import { PROGRAMS_COMMAND } from "../../completion/hidden-commands.ts";

export const listPrograms = command({
  name: PROGRAMS_COMMAND,
  summary: "names of the programs, one per line, for shell completion",
  arguments: undefined,
  options: {},
  isHidden: true,
  run({ options: { config }, screen }) {
    const names = programNamesOf(config);
    if (names.length > 0) screen.page(names.join("\n"));
    return ExitCode.ok;
  },
});
