import { writeFirstConfig } from "../../../operations/first-config.ts";
import { command } from "../../command.ts";
import { tellResult } from "../../daemon-result.ts";
import { untilSignalled } from "../../run.ts";

export const init = command({
  name: "init",
  summary: "write a configuration to start from; never replaces one",
  arguments: undefined,
  options: {},
  async run({ options: { json, config }, screen }) {
    // No half-written file is left, whatever signal comes.
    return await untilSignalled(async () => tellResult(writeFirstConfig(config), json, screen));
  },
});
