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

/** A row of it. */
export interface StatusRow {
  /** Where the program is, in a table of several hosts. */
  readonly host?: string;
  readonly cells: (length: Length) => Cells;
  /** How its state is shown. */
  readonly style: Style;
}

/** The columns of a table, with the hosts in front where there are several. */
type Shown = Column | "host";
type Texts = Cells & { readonly host: string };

/** Blanks between two columns. */
const GAP = 2;
/** What the last column may make the others shorter for, in columns of a terminal: an end with signal and time. */
const LAST_WIDTH = 31;
/** What it has where it must be narrow: `SIGKILL, 46s ago`. */
const LAST_LEAST = 16;
/** What any other column has at most: more, only a host would say that is none of ours. */
const MOST_WIDTH = 16;
/** What a name keeps; before it is shorter, a column is left out. */
const NAME_LEAST = 12;
/** What is left out in turn where all does not fit: what tells least comes first. */
const LEFT_OUT: readonly Column[] = ["cpu", "memory", "restarts", "pid", "uptime", "last"];
/** Numbers stand below each other. */
const RIGHT: ReadonlySet<Shown> = new Set(["pid", "uptime", "memory", "cpu", "restarts"]);

/** Which columns there are, and how wide they are. */
interface Layout {
  readonly length: Length;
  readonly shown: readonly Shown[];
  readonly widths: Readonly<Record<Shown, number>>;
}

/** The table of a status on a terminal: no line is wider than that. */
export function statusTable(all: readonly ProgramStatus[], style: TableStyle): StatusTable {
  return tableOf(
    all.map((one) => rowOf(one, style.nowMs)),
    style,
  );
}

/** The row of a program. */
export function rowOf(one: ProgramStatus, nowMs: number): StatusRow {
  return { cells: (length) => cellsOf(one, length, nowMs), style: styleOfState(one) };
}

/** The same table of rows of any kind. */
export function tableOf(all: readonly StatusRow[], style: TableStyle): StatusTable {
  const tables = new Map<Length, readonly Texts[]>();
  const cells = (length: Length): readonly Texts[] => {
    const known = tables.get(length) ?? [
      { ...markedHeads(length, style.mark), host: "HOST" },
      ...all.map((row) => harmlessTexts(row, length)),
    ];
    tables.set(length, known);
    return known;
  };
  const hasHosts = all.some(({ host }) => host !== undefined);
  const shown: readonly Shown[] = hasHosts ? ["host", ...allColumns] : allColumns;
  const layout = layoutOf(cells, shown, style.width);
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
function harmlessTexts({ host = "", cells }: StatusRow, length: Length): Texts {
  const row = cells(length);
  return {
    ...row,
    host: harmless(host),
    program: harmless(row.program),
    state: harmless(row.state),
    last: harmless(row.last),
  };
}

function layoutOf(
  cells: (length: Length) => readonly Texts[],
  shown: readonly Shown[],
  most: number | undefined,
): Layout {
  for (const length of ["long", "short"] as const) {
    const widths = widthsOf(cells(length));
    const needed = { ...widths, last: Math.min(widths.last, LAST_WIDTH) };
    const room = most === undefined ? widths.last : most - total(needed, shown) + needed.last;
    if (most === undefined || total(needed, shown) <= most) {
      return { length, shown, widths: { ...widths, last: Math.min(widths.last, room) } };
    }
  }
  return narrowLayout(widthsOf(cells("short")), widthsOf(cells("shortest")).last, shown, most ?? 0);
}

/** Names and last exit share what the others leave; columns are left out until the names have enough. */
function narrowLayout(
  widths: Layout["widths"],
  shortestLast: number,
  all: readonly Shown[],
  most: number,
): Layout {
  const named = all.includes("host") ? widths : { ...widths, host: 0 };
  const least = Math.min(named.program, NAME_LEAST) + Math.min(named.host, NAME_LEAST);
  for (let count = 0; ; count += 1) {
    const left = new Set<Shown>(LEFT_OUT.slice(0, count));
    const shown = all.filter((column) => !left.has(column));
    const room = most - total({ ...widths, host: 0, program: 0, last: 0 }, shown);
    const hasLast = !left.has("last");
    const wanted = Math.min(shortestLast, LAST_LEAST);
    const last = hasLast
      ? Math.max(wanted, Math.min(widths.last, room - named.program - named.host))
      : 0;
    if (room - last >= least || count === LEFT_OUT.length) {
      const both = shareNames(named, room - last);
      return { length: "short", shown, widths: { ...widths, ...both, last } };
    }
  }
}

/** The host is shortened once the program has no more than it must keep. */
function shareNames(
  { host, program }: Pick<Layout["widths"], "host" | "program">,
  room: number,
): Pick<Layout["widths"], "host" | "program"> {
  const kept = Math.min(program, NAME_LEAST, Math.ceil(room / 2));
  const forProgram = Math.max(1, Math.min(program, Math.max(kept, room - host)));
  const forHost = Math.max(1, Math.min(host, room - forProgram));
  return { program: forProgram, host: host === 0 ? 0 : forHost };
}

function widthsOf(rows: readonly Texts[]): Layout["widths"] {
  const widest = (column: Shown): number =>
    rows.reduce((most, row) => Math.max(most, displayWidth(row[column])), 0);
  const bounded = (column: Shown): number =>
    column === "host" || column === "program" || column === "last"
      ? widest(column)
      : Math.min(MOST_WIDTH, widest(column));
  const all = (["host", ...allColumns] as const).map((one) => [one, bounded(one)]);
  return Object.fromEntries(all) as Layout["widths"];
}

function total(widths: Layout["widths"], shown: readonly Shown[]): number {
  return shown.reduce((sum, column) => sum + widths[column], GAP * (shown.length - 1));
}

function lineOf(
  row: Texts,
  { shown, widths }: Layout,
  paint: Paint,
  styleIn: (column: Shown) => Style,
): Styled {
  const parts = shown.map((column, index) => {
    const width = widths[column];
    const isName = column === "program" || column === "host";
    const text = (isName ? cutMiddle : cutEnd)(row[column], width);
    const blanks = " ".repeat(Math.max(0, width - displayWidth(text)));
    const painted = paint(text, styleIn(column));
    if (RIGHT.has(column)) return joined([paint(blanks), painted]);
    return index === shown.length - 1 ? painted : joined([painted, paint(blanks)]);
  });
  return joined(parts, " ".repeat(GAP));
}

function styleOf(column: Shown, row: Texts, one: StatusRow | undefined): Style {
  if (one === undefined) return "strong"; // the head
  if (row[column] === NOTHING) return "faint";
  return column === "state" ? one.style : "plain";
}

/** Whether a state is as it should be, on its way, or calls for somebody. */
export function styleOfState(one: ProgramStatus): Style {
  if (one.state === "stopped" && !isAtRest(one)) return "bad";
  const traits: Partial<typeof stateTraits> = stateTraits; // another host may have a newer usrsvc
  return traits[one.state]?.tone ?? "plain";
}
