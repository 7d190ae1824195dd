import type { ExitCode } from "../../../exit-code.ts";
import { UsageError } from "../../args.ts";
import { command, type Invocation } from "../../command.ts";
import { parallel, programNames } from "../../programs.ts";
import { readInterval, readSortKey } from "../../top/options.ts";
import { runTop } from "../../top/top.ts";

/** Between two looks, unless another time is asked for, in seconds. */
const USUAL_SECONDS = 2;

export const top = command({
  name: "top",
  summary: "the table of status, live: sort it, look at logs and events, start, stop and restart",
  arguments: { kind: "programs", isOptional: true },
  options: {
    parallel, // it has no effect here, and does no harm in a script
    interval: { value: "TIME", help: `between two looks: 5, 0.5, 1m (default ${USUAL_SECONDS})` },
    sort: {
      value: "KEY",
      help: "by state (trouble first; default), name, cpu, memory, uptime or restarts",
    },
  },
  run: async ({ options, ...invocation }) => {
    const { interval, sort } = options;
    return await showTop({ options, ...invocation }, interval, sort);
  },
});

/**
 * The page, for `top` and for `status --watch`. It is no dynamic import: in a bundle that would wrap all that it shares with the
 * other commands, which costs each of them 2 ms, and V8 compiles none of its functions before they are called.
 */
export async function showTop(
  { words, options: { json, config }, screen }: Pick<Invocation, "words" | "options" | "screen">,
  interval?: string,
  sort?: string,
): Promise<ExitCode> {
  if (json) throw new UsageError("top is a page for people; for scripts: usrsvc status --json");
  const everyMs = interval === undefined ? USUAL_SECONDS * 1000 : readInterval(interval);
  const key = sort === undefined ? "state" : readSortKey(sort);
  return await runTop({ names: programNames(words), config, everyMs, sort: key }, screen);
}
