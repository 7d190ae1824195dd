import { command } from "../../command.ts";
import { actAndTell, all, alone, dryRun, parallel, remember, timeout } from "../../programs.ts";

export const stop = command({
  name: "stop",
  summary: "stop programs; usrsvcd leaves them down until start, restart or the next boot",
  arguments: { kind: "programs" },
  options: { parallel, all, timeout, "dry-run": dryRun, alone, remember },
  run: async (invocation) => await actAndTell("stop", invocation),
});
