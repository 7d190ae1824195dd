import { ExitCode } from "../../exit-code.ts";
import { command } from "../command.ts";

/** `completion SHELL` of both programs. */
export const completion = command({
  name: "completion",
  summary: "print what lets a shell complete the words after it; to be sourced (see the manual)",
  arguments: { kind: "choice", what: "shell", words: ["bash", "zsh", "fish"] },
  options: {},
  async run({ words: [shell], tool, screen }) {
    const { renderCompletion } = await import("../completion/completion.ts");
    screen.page(renderCompletion(shell ?? "", tool));
    return ExitCode.ok;
  },
});
