import { command } from "../../command.ts";
import { actAndTell, starting } from "../../programs.ts";
import { onHosts } from "../../hosts-options.ts";

export const start = command({
  name: "start",
  summary: "start programs and check that they run for success_seconds",
  arguments: { kind: "programs" },
  options: { ...starting, ...onHosts },
  run: async (invocation) => await actAndTell("start", invocation),
});
