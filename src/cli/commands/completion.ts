import { ExitCode } from "../../exit-code.ts";
import { command } from "../command.ts";

/** `completion SHELL` of both programs. */
export const completion = command({
  name: "completion",
  summary: "print the completion of bash, zsh or fish, to be sourced in its start file",
  arguments: { kind: "choice", what: "shell", words: ["bash", "zsh", "fish"] },
  options: {},
  async run({ words: [shell], tool, screen }) {
    const { renderCompletion } = await import("../completion/completion.ts");
    screen.page(renderCompletion(shell ?? "", tool));
    return ExitCode.ok;
  },
});
