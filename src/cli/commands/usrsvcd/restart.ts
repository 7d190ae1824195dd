import { ExitCode } from "../../../exit-code.ts";
import { configPath, load } from "../../../operations/configuration.ts";
import { makeWay } from "../../../operations/daemon/control.ts";
import { daemonSite } from "../../../operations/site.ts";
import { type Command, command } from "../../command.ts";
import { tellResult } from "../../daemon-result.ts";
import { untilSignalled } from "../../run.ts";
import type { Screen } from "../../screen.ts";
import type { Begin, How } from "./begin.ts";

/** `usrsvcd restart`. */
export function restartCommand(begin: Begin): Command {
  return command({
    name: "restart",
    summary: "stop and start usrsvcd; the programs keep running",
    arguments: undefined,
    options: {},
    async run({ options: { json, debug, config }, screen }) {
      const how: How = { action: "restart", foreground: false, json, debug };
      const elsewhere = await begin.detached(how);
      if (elsewhere !== undefined) return elsewhere;
      const code = await untilSignalled((signal) => stopBefore(config, json, screen, signal));
      if (code !== ExitCode.ok) return code;
      return await begin.supervise(how, configPath(config), screen);
    },
  });
}

/** Refused without a configuration for the one that takes its place. */
async function stopBefore(
  config: string | undefined,
  json: boolean,
  screen: Screen,
  signal: AbortSignal,
): Promise<ExitCode> {
  const { main } = load(config);
  using site = daemonSite(main.stateDir, config);
  for (const hint of site.hints) screen.complain(hint);
  const result = await makeWay(site.host, signal, (text) => screen.complain(text));
  // In JSON, the start reports the outcome of both.
  if (json && result.code === ExitCode.ok) return result.code;
  return tellResult(result, json, screen);
}
