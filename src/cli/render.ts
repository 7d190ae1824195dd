import type { WaitResult } from "../operations/looking/wait-goal.ts";
import { jsonLine } from "../lib/tame.ts";
import type { ActionResult } from "../operations/operation.ts";
import type { ProgramStatus } from "../status/status.ts";
import { type Remark, remarks } from "./remarks.ts";
import { cellsOf, columns, heads } from "./status-cells.ts";
import { displayWidth } from "./terminal/width.ts";

/** Maximum width to which names are padded, in columns: one long name must not pad all others. */
const WIDEST_CELL = 40;

/** A line for people, with its details below. */
export function renderAction(
  result: Pick<ActionResult, "program" | "message" | "details">,
): string {
  const head = `${result.program}: ${result.message}`;
  return [head, ...(result.details ?? []).map((line) => `    ${line}`)].join("\n");
}

/** One JSON object for a script. */
export function renderActionJson(result: ActionResult | WaitResult): string {
  const { code: exitCode, ...rest } = result;
  return jsonLine({ ...rest, exitCode });
}

/** A line of a table, with what is said below it. */
export interface TableRow {
  readonly cells: readonly string[];
  readonly remarks: readonly string[];
}

/** The heads of the columns of `usrsvc status`. */
export const statusHeads: readonly string[] = columns.map((column) => heads("long")[column]);

/**
 * The table of `usrsvc status` where no terminal shows it: whole, however wide; under a line that needs it, why and what
 * happens next. (status-table.ts has that of a terminal.)
 */
export function renderStatus(all: readonly ProgramStatus[], now: number): string {
  return renderTable(
    statusHeads,
    all.map((one) => statusRow(one, now)),
  );
}

/** The line of one program in that table. */
function statusRow(one: ProgramStatus, now: number): TableRow {
  const cells = cellsOf(one, "long", now);
  return {
    cells: columns.map((column) => cells[column]),
    remarks: remarks(one, now).map(remarkText),
  };
}

/** A remark where no terminal shows it. */
export function remarkText({ label, text }: Remark): string {
  return label === undefined ? text : `${label}: ${text}`;
}

/** Lines with aligned columns. */
export function renderTable(head: readonly string[], rows: readonly TableRow[]): string {
  const table = [head, ...rows.map(({ cells }) => cells)];
  const widths = head.map((_, column) =>
    table.reduce(
      (most, row) => Math.min(WIDEST_CELL, Math.max(most, displayWidth(row[column] ?? ""))),
      0,
    ),
  );
  const lines = table.map((row) =>
    row
      .map((cell, column) => {
        return cell + " ".repeat(Math.max(0, (widths[column] ?? 0) - displayWidth(cell)));
      })
      .join("  ")
      .trimEnd(),
  );
  return [
    lines[0] ?? "",
    ...rows.flatMap((row, index) => [
      lines[index + 1] ?? "",
      ...row.remarks.map((remark) => `    ${remark}`),
    ]),
  ].join("\n");
}
