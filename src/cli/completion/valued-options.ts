import { allOptions } from "../args.ts";
import type { Option, Tool } from "../command.ts";

/** All spellings of the options that a value follows: the word after them is no command. */
export function valuedOptions(tool: Tool): readonly string[] {
  return spellings(tool, ({ value }) => value !== undefined);
}

/** All spellings of those whose value is hosts. */
export function hostOptions(tool: Tool): readonly string[] {
  return spellings(tool, ({ completes }) => completes === "hosts");
}

function spellings(tool: Tool, is: (option: Option) => boolean): readonly string[] {
  return Object.entries(allOptions(tool))
    .filter(([, option]) => is(option))
    .flatMap(([option, { short }]) => [
      ...(short === undefined ? [] : [`-${short}`]),
      `--${option}`,
    ]);
}
