import { parse, type Parsed, shownCommands } from "../../src/cli/args.ts";
import { usrsvc } from "../../src/cli/commands/usrsvc/table.ts";
import { usrsvcd } from "../../src/cli/commands/usrsvcd/table.ts";

/** Our two programs as tables; none of their commands is run. */
export const tools = {
  usrsvc,
  usrsvcd: usrsvcd({
    detached: () => undefined,
    supervise: () => Promise.reject(new TypeError("no test supervises")),
  }),
} as const;

/** The names of the commands that people are told of. */
export function commandNames(name: keyof typeof tools): readonly string[] {
  return shownCommands(tools[name]).map((one) => one.name);
}

/** What words mean to one of them. */
export function parseFor(name: keyof typeof tools, argv: readonly string[]): Parsed {
  return parse(argv, tools[name]);
}
