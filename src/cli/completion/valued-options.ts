import { allOptions } from "../args.ts";
import type { Tool } from "../command.ts";

/** All spellings of the options that a value follows: the word after them is no command. */
export function valuedOptions(tool: Tool): readonly string[] {
  return Object.entries(allOptions(tool))
    .filter(([, { value }]) => value !== undefined)
    .flatMap(([option, { short }]) => [
      ...(short === undefined ? [] : [`-${short}`]),
      `--${option}`,
    ]);
}
