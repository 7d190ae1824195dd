import type { Tool } from "../command.ts";
import { renderBash } from "./bash.ts";
import { renderFish } from "./fish.ts";
import { renderZsh } from "./zsh.ts";

const renderers: Readonly<Record<string, (tool: Tool) => string>> = {
  bash: renderBash,
  zsh: renderZsh,
  fish: renderFish,
};

/** What a shell sources to complete the words after one of our programs. */
export function renderCompletion(shell: string, tool: Tool): string {
  const render = renderers[shell];
  if (render === undefined) throw new TypeError(`no completion for ${shell}`);
  return render(tool).trimEnd();
}
