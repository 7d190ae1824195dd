import { command } from "../../command.ts";
import { actAndTell, parallel } from "../../programs.ts";
import { onHosts } from "../../hosts-options.ts";

export const reload = command({
  name: "reload",
  summary: "have programs read their configuration again, as their setting reload says",
  arguments: { kind: "programs" },
  options: { parallel, ...onHosts },
  run: async (invocation) => await actAndTell("reload", invocation),
});
