import { parse, type Parsed, shownCommands } from "../../src/cli/args.ts";
import { tools } from "../../src/cli/commands/tools.ts";

export { tools };

/** The names of the commands that people are told of. */
export function commandNames(name: keyof typeof tools): readonly string[] {
  return shownCommands(tools[name]).map((one) => one.name);
}

/** What words mean to one of them. */
export function parseFor(name: keyof typeof tools, argv: readonly string[]): Parsed {
  return parse(argv, tools[name]);
}
