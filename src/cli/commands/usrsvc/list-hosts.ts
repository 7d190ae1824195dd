import { ExitCode } from "../../../exit-code.ts";
import { command } from "../../command.ts";
import { HOSTS_COMMAND } from "../../completion/hidden-commands.ts";

export const listHosts = command({
  name: HOSTS_COMMAND,
  summary: "what can follow -H, one per line, for shell completion",
  arguments: undefined,
  options: {},
  isHidden: true,
  async run({ options: { config }, screen }) {
    const { hostNames } = await import("../../../operations/hosts/host-names.ts");
    const names = hostNames(config);
    if (names.length > 0) screen.page(names.join("\n"));
    return ExitCode.ok;
  },
});
