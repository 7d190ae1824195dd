import { isForHosts, parse, type Parsed, UsageError } from "../../args.ts";
import type { Tool } from "../../command.ts";
import { events } from "./events.ts";
import { hold } from "./hold.ts";
import { listPrograms } from "./list-programs.ts";
import { logs } from "./logs.ts";
import { release } from "./release.ts";
import { reload } from "./reload.ts";
import { restart } from "./restart.ts";
import { signal } from "./signal.ts";
import { start } from "./start.ts";
import { isWatched, status } from "./status.ts";
import { stop } from "./stop.ts";
import { wait } from "./wait.ts";

/*
 * What is called all day, and by scripts, is a bundle of its own (build.mjs): V8 reads the code of all that a bundle has,
 * whatever runs. Which bundle runs makes no difference but that of some milliseconds.
 */

/** The commands of `usrsvc` that are to start fast; --help of the whole tool (table.ts) shows them as well. */
export const everyday: Tool = {
  name: "usrsvc",
  title: "",
  about: [],
  commands: [
    start,
    stop,
    restart,
    reload,
    signal,
    wait,
    hold,
    release,
    status,
    events,
    logs,
    listPrograms,
  ],
};

/**
 * Reads the words after the name of the program. Undefined: they are not for a command of `everyday` alone, or are wrong, which
 * only the whole tool can say as it should: it knows all commands and options.
 */
export function parseEveryday(argv: readonly string[]): (Parsed & { kind: "run" }) | undefined {
  try {
    const asked = parse(argv, everyday);
    return asked.kind !== "run" || isForHosts(asked) || isWatched(asked) ? undefined : asked;
  } catch (error) {
    if (error instanceof UsageError) return undefined;
    throw error;
  }
}
