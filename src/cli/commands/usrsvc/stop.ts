import { command } from "../../command.ts";
import { actAndTell, alone, parallel } from "../../programs.ts";
import { onHosts } from "../../hosts-options.ts";

export const stop = command({
  name: "stop",
  summary: "stop programs; usrsvcd leaves them down until start, restart or the next boot",
  arguments: { kind: "programs" },
  options: { parallel, alone, ...onHosts },
  run: async (invocation) => await actAndTell("stop", invocation),
});
