import { configPath } from "../../../operations/configuration.ts";
import { type Command, command } from "../../command.ts";
import type { Begin } from "./begin.ts";

/** `usrsvcd start`. */
export function startCommand(begin: Begin): Command {
  return command({
    name: "start",
    summary: "go to the background; return once it supervises (the default)",
    arguments: undefined,
    options: {
      foreground: {
        short: "f",
        help: "stay in the foreground, log to standard output (for systemd and containers)",
      },
    },
    async run({ options: { foreground, json, debug, config }, screen }) {
      const how = { action: "start", foreground, json, debug } as const;
      const elsewhere = await begin.detached(how);
      return elsewhere ?? (await begin.supervise(how, configPath(config), screen));
    },
  });
}
