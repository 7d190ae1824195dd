import { tools } from "../commands/tools.ts";
import type { Tool } from "../command.ts";
import { renderBash } from "./bash.ts";
import { renderFish } from "./fish.ts";
import { renderZsh } from "./zsh.ts";

const renderers: Readonly<Record<string, (tool: Tool) => string>> = {
  bash: renderBash,
  zsh: renderZsh,
  fish: renderFish,
};

/**
 * The completion scripts of both programs for each shell, by the names of their files. build.mjs writes
 * them to dist/completion/, from where `completion SHELL` prints them.
 */
export function completionScripts(): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(renderers).flatMap(([shell, render]) =>
      Object.values(tools).map((tool) => [`${tool.name}.${shell}`, render(tool)] as const),
    ),
  );
}
