import type { Tool } from "../../command.ts";
import type { Begin } from "./begin.ts";
import { restartCommand } from "./restart.ts";
import { startCommand } from "./start.ts";

/**
 * The commands of `usrsvcd` after which it stays: they have a bundle of their own (build.mjs), without what would lie in
 * memory for months. It is called only with words that these two take, so that all else is left to the whole tool (table.ts).
 */
export function usrsvcdRuns(begin: Begin): Tool {
  const commands = [startCommand(begin), restartCommand(begin)];
  return { name: "usrsvcd", title: "", about: [], commands, byDefault: "start" };
}
