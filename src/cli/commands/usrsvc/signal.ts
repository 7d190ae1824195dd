import { command } from "../../command.ts";
import { actAndTell, parallel } from "../../programs.ts";
import { onHosts } from "../../hosts-options.ts";
import { readSignal, usualSignals } from "../../signal-word.ts";

export const signal = command({
  name: "signal",
  summary: "send a signal, by name or number, to the processes of programs",
  arguments: { kind: "programs", last: { what: "signal", value: "SIG", words: usualSignals } },
  options: {
    parallel,
    group: { help: "to the whole process group, not to the process alone" },
    ...onHosts,
  },
  run: async ({ words, ...invocation }) => {
    const sent = readSignal(words.at(-1) ?? "", words.slice(0, -1));
    const sending = { signal: sent, isToGroup: invocation.options.group };
    return await actAndTell("signal", { ...invocation, words: words.slice(0, -1) }, { sending });
  },
});
