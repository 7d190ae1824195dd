import { installUnit as writeUnit } from "../../../operations/daemon/install-unit.ts";
import { command } from "../../command.ts";
import { tellResult } from "../../daemon-result.ts";
import { untilSignalled } from "../../run.ts";

export const installUnit = command({
  name: "install-unit",
  summary: "write the systemd unit with the paths of this machine; does not enable it",
  arguments: undefined,
  options: {
    user: { help: "for your own systemd instance (the default)" },
    system: { help: "for usrsvcd@ACCOUNT; needs root (the default for root)", excludes: "user" },
    force: { help: "replace an existing unit that differs" },
    node: {
      value: "PATH",
      help: "the node that runs usrsvcd (default: the one on PATH)",
    },
  },
  async run({ options: { user, system, force, node, json }, screen }) {
    return await untilSignalled(async () => {
      const unitFor = system ? "system" : user ? "user" : undefined;
      const { result, warnings } = await writeUnit({ unitFor, force, node });
      if (warnings !== "") screen.complain(warnings);
      return tellResult(result, json, screen);
    });
  },
});
