import { command } from "../../command.ts";
import { actAndTell, parallel } from "../../programs.ts";

export const reload = command({
  name: "reload",
  summary: "have programs read their configuration again, as their setting reload says",
  arguments: { kind: "programs" },
  options: { parallel },
  run: async (invocation) => await actAndTell("reload", invocation),
});
