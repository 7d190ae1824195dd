import { stateTraits } from "../state/states.ts";
import { isAtRest } from "../status/is-right.ts";
import type { ProgramStatus } from "../status/status.ts";
import {
  type Cells,
  cellsOf,
  type Column,
  columns as allColumns,
  heads,
  type Length,
  NOTHING,
} from "./status-cells.ts";
import { harmless, joined, type Paint, type Style, type Styled } from "./terminal/style.ts";
import { cutEnd, cutMiddle, displayWidth } from "./terminal/width.ts";

/** How a table is shown. */
export interface TableStyle {
  /** Columns of the terminal; undefined: as many as it takes. */
  readonly width: number | undefined;
  readonly paint: Paint;
  readonly nowMs: number;
  /** What the head of a column is followed by, where the rows are sorted by it. */
  readonly mark?: { readonly column: Column; readonly sign: string };
}

/** A table, line by line. */
export interface StatusTable {
  readonly head: Styled;
  /** One for each program, in their order. */
  readonly rows: readonly Styled[];
}

/** Blanks between two columns. */
const GAP = 2;
/** What the last column may make the others shorter for, in columns of a terminal: an end with signal and time. */
const LAST_WIDTH = 31;
/** What it has where it must be narrow: `SIGKILL, 46s ago`. */
const LAST_LEAST = 16;
/** What a name keeps; before it is shorter, a column is left out. */
const NAME_LEAST = 12;
/** What is left out in turn where all does not fit: what tells least comes first. */
const LEFT_OUT: readonly Column[] = ["cpu", "memory", "restarts", "pid", "uptime", "last"];
/** Numbers stand below each other. */
const RIGHT: ReadonlySet<Column> = new Set(["pid", "uptime", "memory", "cpu", "restarts"]);

/** Which columns there are, and how wide they are. */
interface Layout {
  readonly length: Length;
  readonly shown: readonly Column[];
  readonly widths: Readonly<Record<Column, number>>;
}

/** The table of a status on a terminal: no line is wider than that. */
export function statusTable(all: readonly ProgramStatus[], style: TableStyle): StatusTable {
  const tables = new Map<Length, readonly Cells[]>();
  const cells = (length: Length): readonly Cells[] => {
    const known = tables.get(length) ?? [
      markedHeads(length, style.mark),
      ...all.map((one) => harmlessCells(cellsOf(one, length, style.nowMs))),
    ];
    tables.set(length, known);
    return known;
  };
  const layout = layoutOf(cells, style.width);
  const last = layout.widths.last;
  const lines = cells(layout.length).map((row, index) => {
    const end = [row.last, cells("shortest")[index]?.last ?? ""].find(
      (text) => displayWidth(text) <= last,
    );
    const texts = { ...row, last: end ?? row.last };
    return lineOf(texts, layout, style.paint, (column) => styleOf(column, texts, all[index - 1]));
  });
  return { head: lines[0] ?? style.paint(""), rows: lines.slice(1) };
}

function markedHeads(length: Length, mark: TableStyle["mark"]): Cells {
  const all = heads(length);
  return mark === undefined ? all : { ...all, [mark.column]: `${all[mark.column]}${mark.sign}` };
}

/** What comes from elsewhere is measured as it will be shown. */
function harmlessCells(row: Cells): Cells {
  return { ...row, program: harmless(row.program), last: harmless(row.last) };
}

function layoutOf(cells: (length: Length) => readonly Cells[], most: number | undefined): Layout {
  for (const length of ["long", "short"] as const) {
    const widths = widthsOf(cells(length));
    const needed = { ...widths, last: Math.min(widths.last, LAST_WIDTH) };
    const room = most === undefined ? widths.last : most - total(needed, allColumns) + needed.last;
    if (most === undefined || total(needed, allColumns) <= most) {
      return {
        length,
        shown: allColumns,
        widths: { ...widths, last: Math.min(widths.last, room) },
      };
    }
  }
  return narrowLayout(widthsOf(cells("short")), widthsOf(cells("shortest")).last, most ?? 0);
}

/** Name and last exit share what the others leave; columns are left out until the name has enough. */
function narrowLayout(widths: Layout["widths"], shortestLast: number, most: number): Layout {
  const least = Math.min(widths.program, NAME_LEAST);
  for (let count = 0; ; count += 1) {
    const left = new Set(LEFT_OUT.slice(0, count));
    const shown = allColumns.filter((column) => !left.has(column));
    const room = most - total({ ...widths, program: 0, last: 0 }, shown);
    const hasLast = !left.has("last");
    const wanted = Math.min(shortestLast, LAST_LEAST);
    const last = hasLast ? Math.max(wanted, Math.min(widths.last, room - widths.program)) : 0;
    const program = Math.min(widths.program, room - last);
    if (program >= least || count === LEFT_OUT.length) {
      return { length: "short", shown, widths: { ...widths, program: Math.max(1, program), last } };
    }
  }
}

function widthsOf(rows: readonly Cells[]): Layout["widths"] {
  const widest = (column: Column): number =>
    rows.reduce((most, row) => Math.max(most, displayWidth(row[column])), 0);
  return Object.fromEntries(allColumns.map((one) => [one, widest(one)])) as Layout["widths"];
}

function total(widths: Layout["widths"], shown: readonly Column[]): number {
  return shown.reduce((sum, column) => sum + widths[column], GAP * (shown.length - 1));
}

function lineOf(
  row: Cells,
  { shown, widths }: Layout,
  paint: Paint,
  styleIn: (column: Column) => Style,
): Styled {
  const parts = shown.map((column, index) => {
    const width = widths[column];
    const text = (column === "program" ? cutMiddle : cutEnd)(row[column], width);
    const blanks = " ".repeat(Math.max(0, width - displayWidth(text)));
    const painted = paint(text, styleIn(column));
    if (RIGHT.has(column)) return joined([paint(blanks), painted]);
    return index === shown.length - 1 ? painted : joined([painted, paint(blanks)]);
  });
  return joined(parts, " ".repeat(GAP));
}

function styleOf(column: Column, row: Cells, one: ProgramStatus | undefined): Style {
  if (one === undefined) return "strong"; // the head
  if (row[column] === NOTHING) return "faint";
  return column === "state" ? styleOfState(one) : "plain";
}

/** Whether a state is as it should be, on its way, or calls for somebody. */
export function styleOfState(one: ProgramStatus): Style {
  return one.state === "stopped" && !isAtRest(one) ? "bad" : stateTraits[one.state].tone;
}
