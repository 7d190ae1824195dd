import { command } from "../../command.ts";
import { actAndTell, rolling, starting } from "../../programs.ts";
import { onHosts } from "../../hosts-options.ts";

export const restart = command({
  name: "restart",
  summary: "stop programs and start them; refused if the start is known to be impossible",
  arguments: { kind: "programs" },
  options: { ...onHosts, ...starting, rolling },
  run: async (invocation) => await actAndTell("restart", invocation),
});
