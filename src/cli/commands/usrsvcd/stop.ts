import { stopDaemon } from "../../../operations/daemon/control.ts";
import { openDaemonSite } from "../../../operations/site.ts";
import { command } from "../../command.ts";
import { tellResult } from "../../daemon-result.ts";
import { untilSignalled } from "../../run.ts";

export const stop = command({
  name: "stop",
  summary: "stop usrsvcd; the programs keep running",
  arguments: undefined,
  options: {},
  async run({ options: { json, config }, screen }) {
    return await untilSignalled(async (signal) => {
      using site = openDaemonSite(config);
      for (const hint of site.hints) screen.complain(hint);
      return tellResult(await stopDaemon(site.host, signal), json, screen);
    });
  },
});
