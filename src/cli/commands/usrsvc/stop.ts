import { command } from "../../command.ts";
import { onHosts } from "../../hosts-options.ts";
import { actAndTell, all, alone, dryRun, noWait, parallel, remember } from "../../programs.ts";
import { timeout } from "../../timeout.ts";

export const stop = command({
  name: "stop",
  summary: "stop programs; usrsvcd leaves them down until start, restart or the next boot",
  arguments: { kind: "programs" },
  options: {
    ...onHosts,
    parallel,
    all,
    timeout,
    "dry-run": dryRun,
    alone,
    remember,
    "no-wait": noWait,
  },
  run: async (invocation) => await actAndTell("stop", invocation),
});
