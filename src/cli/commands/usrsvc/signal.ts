import { nearest } from "../../../config/nearest.ts";
import { shortSignalNames, signalNamed, signalNumbered } from "../../../../proc/signal.ts";
import { UsageError } from "../../args.ts";
import { command } from "../../command.ts";
import { actAndTell, parallel } from "../../programs.ts";

/** Those that programs answer most often. */
const usual = ["HUP", "INT", "QUIT", "USR1", "USR2", "TERM", "STOP", "CONT", "KILL", "WINCH"];

export const signal = command({
  name: "signal",
  summary: "send a signal, by name or number, to the processes of programs",
  arguments: { kind: "programs", last: { what: "signal", value: "SIG", words: usual } },
  options: {
    parallel,
    group: { help: "to the whole process group, not to the process alone" },
  },
  run: async ({ words, ...invocation }) => {
    const word = words.at(-1) ?? "";
    const sent = signalNamed(word) ?? signalNumbered(word);
    if (sent === undefined) throw new UsageError(describeUnknown(word));
    const sending = { signal: sent, isToGroup: invocation.options.group };
    return await actAndTell("signal", { ...invocation, words: words.slice(0, -1) }, { sending });
  },
});

function describeUnknown(word: string): string {
  const near = nearest(word.replace(/^SIG/i, ""), shortSignalNames);
  const advice =
    near === undefined ? `known are 1 to 31, ${usual.join(", ")} …` : `did you mean ${near}?`;
  return `unknown signal "${word}"; ${advice}`;
}
