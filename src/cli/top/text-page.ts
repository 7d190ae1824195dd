import type { LastLogs } from "../../operations/looking/watch-programs.ts";
import { logRenderer } from "../log-lines.ts";
import type { TopState } from "./model.ts";

/** The page of `usrsvc top` that shows a text. */
export type TextPage = Extract<TopState["page"], { readonly kind: "text" }>;

/** Which text a page shows, wherever it is scrolled to. */
export function textOf({ what, program }: TextPage): string {
  return `${what} ${program}`;
}

/** The lines as `usrsvc logs` shows them; what is to be said of the logs stands below, where one looks first. */
export function logText({ programs, lines, notes }: LastLogs): readonly string[] {
  const render = logRenderer(programs, 0);
  const none = lines.length === 0 && notes.length === 0 ? ["nothing was written"] : [];
  return [...lines.map(render), ...none, ...notes.map((text) => `note: ${text}`)];
}

/** The title of a text. */
export function titleOf({ what, program }: TextPage): string {
  switch (what) {
    case "help":
      return "usrsvc top: keys";
    case "log":
      return `what ${program} wrote last`;
    case "events":
      return `what happened to ${program}`;
  }
}
