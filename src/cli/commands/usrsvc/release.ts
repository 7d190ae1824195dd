import { command } from "../../command.ts";
import { onHosts } from "../../hosts-options.ts";
import { actAndTell, all, parallel } from "../../programs.ts";

export const release = command({
  name: "release",
  summary: "end the hold on programs: usrsvcd looks after them again",
  arguments: { kind: "programs" },
  options: { parallel, all, ...onHosts },
  run: async (invocation) => await actAndTell("release", invocation),
});
