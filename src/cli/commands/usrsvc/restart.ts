import { command } from "../../command.ts";
import { onHosts } from "../../hosts-options.ts";
import { actAndTell, outdated, rolling, starting } from "../../programs.ts";

export const restart = command({
  name: "restart",
  summary: "stop programs and start them; refused if the start is known to be impossible",
  arguments: { kind: "programs", isOptionalWith: "outdated" },
  options: { ...onHosts, ...starting, rolling, outdated },
  run: async (invocation) => await actAndTell("restart", invocation),
});
