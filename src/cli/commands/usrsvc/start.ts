import { command } from "../../command.ts";
import { onHosts } from "../../hosts-options.ts";
import { actAndTell, remembered, starting } from "../../programs.ts";

export const start = command({
  name: "start",
  summary: "start programs and check that they run for success_seconds",
  arguments: { kind: "programs" },
  options: { ...onHosts, ...starting, remembered },
  run: async (invocation) => await actAndTell("start", invocation),
});
