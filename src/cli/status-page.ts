import type { ProgramStatus } from "../status/status.ts";
import { type Remark, remarks } from "./remarks.ts";
import { rowOf, type StatusRow, tableOf, type TableStyle } from "./status-table.ts";
import { styledLines } from "./terminal/page-line.ts";
import type { Style, Styled } from "./terminal/style.ts";

/** Blanks before a remark, and before what of it does not fit into its first line. */
const INDENT = 4;
const HANGING = 8;

/** A row of the page, and what there is to tell of it. */
export interface PageRow {
  readonly row: StatusRow;
  readonly remarks: readonly Remark[];
}

/**
 * The page of `usrsvc status` on a terminal: the table, below a row what there is to tell of it, and what concerns all
 * programs.
 */
export function statusPage(
  all: readonly ProgramStatus[],
  notes: readonly string[],
  style: TableStyle,
): readonly Styled[] {
  const { nowMs } = style;
  return pageOf(
    all.map((one) => ({ row: rowOf(one, nowMs), remarks: remarks(one, nowMs) })),
    notes,
    style,
  );
}

/** The same of rows of any kind. */
export function pageOf(
  all: readonly PageRow[],
  notes: readonly string[],
  style: TableStyle,
): readonly Styled[] {
  const { head, rows } = tableOf(
    all.map(({ row }) => row),
    style,
  );
  return [
    ...(all.length > 0 ? [head] : []),
    ...all.flatMap(({ remarks: told }, index) => [
      rows[index] ?? style.paint(""),
      ...told.flatMap((remark) => remarkLines(remark, style, INDENT, HANGING)),
    ]),
    ...notes.flatMap((text) => remarkLines({ label: "note", text }, style, 0, INDENT)),
  ];
}

/** A remark in lines that fit. */
export function remarkLines(
  { label, text }: Omit<Remark, "label"> & { readonly label?: Remark["label"] | "note" },
  style: Pick<TableStyle, "width" | "paint">,
  indent: number,
  hanging: number,
): readonly Styled[] {
  const begin = label === undefined ? [] : [[`${label}: `, styleOfLabel(label)] as const];
  return styledLines({ indent, begin, text }, style, hanging);
}

function styleOfLabel(label: Remark["label"] | "note"): Style {
  return label === "problem" ? "bad" : label === "note" ? "busy" : "faint";
}
