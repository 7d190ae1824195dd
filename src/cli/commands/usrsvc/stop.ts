import { command } from "../../command.ts";
import { actAndTell, alone, dryRun, parallel, timeout } from "../../programs.ts";

export const stop = command({
  name: "stop",
  summary: "stop programs; usrsvcd leaves them down until start, restart or the next boot",
  arguments: { kind: "programs" },
  options: { parallel, timeout, "dry-run": dryRun, alone },
  run: async (invocation) => await actAndTell("stop", invocation),
});
