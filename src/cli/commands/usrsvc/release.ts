import { command } from "../../command.ts";
import { actAndTell, all, parallel } from "../../programs.ts";

export const release = command({
  name: "release",
  summary: "end the hold on programs: usrsvcd looks after them again",
  arguments: { kind: "programs" },
  options: { parallel, all },
  run: async (invocation) => await actAndTell("release", invocation),
});
