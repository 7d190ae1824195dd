import { command } from "../../command.ts";
import { actAndTell, starting } from "../../programs.ts";

export const start = command({
  name: "start",
  summary: "start programs and check that they run for success_seconds",
  arguments: { kind: "programs" },
  options: starting,
  run: async (invocation) => await actAndTell("start", invocation),
});
