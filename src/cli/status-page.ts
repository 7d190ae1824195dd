import type { ProgramStatus } from "../status/status.ts";
import { type Remark, remarks } from "./remarks.ts";
import { statusTable, type TableStyle } from "./status-table.ts";
import { harmless, joined, type Paint, type Styled } from "./terminal/style.ts";
import { wrapWords } from "./terminal/width.ts";

/** Blanks before a remark, and before what of it does not fit into its first line. */
const INDENT = 4;
const HANGING = 8;

/**
 * The page of `usrsvc status` on a terminal: the table, below a row what there is to tell of it, and what concerns all
 * programs.
 */
export function statusPage(
  all: readonly ProgramStatus[],
  notes: readonly string[],
  style: TableStyle,
): readonly Styled[] {
  const { head, rows } = statusTable(all, style);
  return [
    ...(all.length > 0 ? [head] : []),
    ...all.flatMap((one, index) => [
      rows[index] ?? style.paint(""),
      ...remarks(one, style.nowMs).flatMap((remark) => remarkLines(remark, style, INDENT, HANGING)),
    ]),
    ...notes.flatMap((text) => remarkLines({ label: "note", text }, style, 0, INDENT)),
  ];
}

/** A remark in lines that fit. */
export function remarkLines(
  { label, text }: Omit<Remark, "label"> & { readonly label?: Remark["label"] | "note" },
  { width = Infinity, paint }: Pick<TableStyle, "width" | "paint">,
  indent: number,
  hanging: number,
): readonly Styled[] {
  const begin = label === undefined ? "" : `${label}: `;
  const lines = wrapWords(
    harmless(text),
    Math.max(MIN_TEXT, width - hanging),
    begin.length + indent - hanging,
  );
  return lines.map((line, index) =>
    index === 0
      ? joined([paint(" ".repeat(indent)), paint(begin, styleOfLabel(label)), paint(line)])
      : joined([paint(" ".repeat(hanging)), paint(line)]),
  );
}

/** Columns that a text gets at least, on however narrow a terminal. */
const MIN_TEXT = 20;

function styleOfLabel(label: Remark["label"] | "note"): Parameters<Paint>[1] {
  return label === "problem" ? "bad" : label === "note" ? "busy" : "faint";
}
