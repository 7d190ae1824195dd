import type { WaitResult } from "../operations/wait-goal.ts";
import { jsonLine } from "../lib/tame.ts";
import type { ActionResult } from "../operations/operation.ts";
import type { ProgramStatus } from "../status/status.ts";
import { remarks } from "./remarks.ts";
import { type Cells, cellsOf, columns, heads } from "./status-cells.ts";
import { displayWidth } from "./terminal/width.ts";

/** Maximum width to which names are padded, in columns: one long name must not pad all others. */
const WIDEST_CELL = 40;

/** A line for people, with its details below. */
export function renderAction(result: ActionResult | WaitResult): string {
  const head = `${result.program}: ${result.message}`;
  return [head, ...(result.details ?? []).map((line) => `    ${line}`)].join("\n");
}

/** One JSON object for a script. */
export function renderActionJson(result: ActionResult | WaitResult): string {
  const { code: exitCode, ...rest } = result;
  return jsonLine({ ...rest, exitCode });
}

/**
 * The table of `usrsvc status` where no terminal shows it: whole, however wide; under a line that needs it, why and what
 * happens next. (status-table.ts has that of a terminal.)
 */
export function renderStatus(all: readonly ProgramStatus[], now: number): string {
  const table: readonly Cells[] = [heads("long"), ...all.map((one) => cellsOf(one, "long", now))];
  const widths = columns.map((column) =>
    table.reduce(
      (most, row) => Math.min(WIDEST_CELL, Math.max(most, displayWidth(row[column]))),
      0,
    ),
  );
  const lines = table.map((row) =>
    columns
      .map((column, index) => {
        const cell = row[column];
        return cell + " ".repeat(Math.max(0, (widths[index] ?? 0) - displayWidth(cell)));
      })
      .join("  ")
      .trimEnd(),
  );
  return [
    lines[0] ?? "",
    ...all.flatMap((one, index) => [
      lines[index + 1] ?? "",
      ...remarks(one, now).map(
        ({ label, text }) => `    ${label === undefined ? "" : `${label}: `}${text}`,
      ),
    ]),
  ].join("\n");
}
