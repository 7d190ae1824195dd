import { command } from "../../command.ts";
import { actAndTell, starting } from "../../programs.ts";

export const start = command({
  name: "start",
  summary: "start them, and see that they live for success_seconds",
  arguments: { kind: "programs" },
  options: starting,
  run: async (invocation) => await actAndTell("start", invocation),
});
