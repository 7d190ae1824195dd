import { isForHosts, isWatched, parse, type Parsed, UsageError } from "./args.ts";
import { begin } from "./begin.ts";
import type { Tool } from "./command.ts";

/*
 * What is called all day, and by scripts, is in bundles of its own (build.mjs): V8 reads the code of all that a bundle
 * has, whatever runs. Which bundle runs makes no difference but that of some milliseconds.
 */

/** Runs the command that is asked for, where it is one of these. False: the whole tool (usrsvc.ts) is to run. */
export function beginEveryday(tool: Tool): boolean {
  const argv = process.argv.slice(2);
  const asked = parseEveryday(argv, tool);
  if (asked === undefined) return false;
  begin(argv, async (screen) => await asked.command.run({ ...asked, screen }));
  return true;
}

/**
 * Reads the words after the name of the program. Undefined: they are not for a command of `tool` alone, or are wrong,
 * which only the whole tool can say as it should: it knows all commands and options.
 */
export function parseEveryday(
  argv: readonly string[],
  tool: Tool,
): (Parsed & { kind: "run" }) | undefined {
  try {
    const asked = parse(argv, tool);
    return asked.kind !== "run" || isForHosts(asked) || isWatched(asked) ? undefined : asked;
  } catch (error) {
    if (error instanceof UsageError) return undefined;
    throw error;
  }
}
