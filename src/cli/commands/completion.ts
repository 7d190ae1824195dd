import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ExitCode } from "../../exit-code.ts";
import { packageRoot } from "../../package-root.ts";
import { command } from "../command.ts";

/** `completion SHELL` of both programs: what the build has generated from the tables (completion/scripts.ts). */
export const completion = command({
  name: "completion",
  summary: "print the completion script for bash, zsh or fish, to be sourced in its startup file",
  arguments: { kind: "choice", what: "shell", words: ["bash", "zsh", "fish"] },
  options: {},
  run({ words: [shell], tool, screen }) {
    const file = join(packageRoot, "dist", "completion", `${tool.name}.${shell}`);
    screen.page(readFileSync(file, "utf8").trimEnd());
    return ExitCode.ok;
  },
});
