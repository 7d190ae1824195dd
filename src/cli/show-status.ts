import type { ProgramStatus } from "../status/status.ts";
import { renderStatus } from "./render.ts";
import type { Screen } from "./screen.ts";
import { statusPage } from "./status-page.ts";
import { painter } from "./terminal/style.ts";

/** Prints the table of `usrsvc status`: as wide as the terminal, or else whole and plain. */
export function showStatus(
  programs: readonly ProgramStatus[],
  notes: readonly string[],
  screen: Screen,
): void {
  const { display } = screen;
  if (display === undefined) {
    if (programs.length > 0) screen.result(renderStatus(programs, Date.now()));
    for (const note of notes) screen.result(`note: ${note}`);
    return;
  }
  const paint = painter(display.colours);
  screen.styled(statusPage(programs, notes, { width: display.columns, paint, nowMs: Date.now() }));
}
