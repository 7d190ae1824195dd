import type { ExitCode } from "../../../exit-code.ts";
import { command } from "../../command.ts";

export const edit = command({
  name: "edit",
  summary: "open the file of a program at its section, check it, and offer to have it read",
  arguments: { kind: "programs", isOptional: true, isOne: true },
  options: {},
  async run({ words, options: { json, config }, screen }): Promise<ExitCode> {
    const [name] = words;
    // Loaded here: nobody else needs it.
    const { editAndTell } = await import("../../edit-and-tell.ts");
    return await editAndTell({ name, config, json, screen });
  },
});
