import type { HostTarget } from "../../config/hosts.ts";
import { enumerate } from "../../lib/format.ts";
import { maskSecrets } from "../../lib/secrets.ts";
import type { HostProblem } from "../../operations/hosts/ssh-failure.ts";
import { type Remark, remarks } from "../remarks.ts";
import { remarkText, renderTable, statusHeads } from "../render.ts";
import { type Cells, columns, NOTHING } from "../status-cells.ts";
import { pageOf, type PageRow } from "../status-page.ts";
import { rowOf } from "../status-table.ts";
import { painter, type Style } from "../terminal/style.ts";
import { type Answer, readStatus } from "./read-answer.ts";
import { type HostsView, problemJson, type ViewContext, withHost } from "./view.ts";

/** What is known of a host. */
interface Seen {
  readonly json: string[];
  readonly rows: PageRow[];
  readonly notes: Set<string>;
  readonly lacks: Set<string>;
}

/** One table of all hosts, in their order: as wide as the terminal, or else whole and plain. */
export function statusView({ screen, json, command, targets }: ViewContext): HostsView {
  const seen = new Map<HostTarget, Seen>(
    targets.map((target) => [
      target,
      { json: [], rows: [], notes: new Set(), lacks: new Set() } satisfies Seen,
    ]),
  );
  const nowMs = Date.now();
  const show = (target: HostTarget, answer: Answer): boolean => {
    const read = readStatus(answer);
    const of = seen.get(target);
    if (read === undefined || of === undefined) return false;
    const { status } = read;
    const row = { ...rowOf(status, nowMs), host: target.name };
    of.rows.push({ row, remarks: remarks(status, nowMs) });
    of.json.push(withHost(target, answer));
    for (const note of status.notes ?? []) of.notes.add(note);
    for (const key of read.lacks) of.lacks.add(key);
    return true;
  };
  const tellProblem: HostsView["tellProblem"] = (target, problem, code) => {
    const of = seen.get(target);
    of?.rows.push(problemRow(target, problem));
    of?.json.push(problemJson(target, command, problem, code));
  };
  const finish = (): void => {
    if (json) {
      for (const { json: lines } of seen.values()) for (const line of lines) screen.page(line);
      return;
    }
    const rows = [...seen].flatMap(([target, { rows: own }]) =>
      own.length > 0 ? own : [emptyRow(target)],
    );
    const notes = [...notesOf(seen)].map(([note, names]) => `${names.join(", ")}: ${note}`);
    const { display } = screen;
    if (display === undefined) {
      screen.page(maskSecrets(renderTable(["HOST", ...statusHeads], rows.map(plainRow))));
      for (const note of notes) screen.result(`note: ${note}`);
      return;
    }
    const paint = painter(display.colours);
    screen.styled(pageOf(rows, notes, { width: display.columns, paint, nowMs }));
  };
  return { show, tellProblem, tellBack: () => {}, finish };
}

function plainRow({ row, remarks: told }: PageRow): Parameters<typeof renderTable>[1][number] {
  const cells = row.cells("long");
  return {
    cells: [row.host ?? "", ...columns.map((column) => cells[column])],
    remarks: told.map(remarkText),
  };
}

/** What is to be said of whole hosts, and of which: most have the same to say. */
function notesOf(seen: ReadonlyMap<HostTarget, Seen>): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const [{ name }, { notes, lacks }] of seen) {
    const older = `usrsvc there is of another version, and does not tell ${enumerate([...lacks])}`;
    for (const note of [...notes, ...(lacks.size > 0 ? [older] : [])]) {
      const names = found.get(note) ?? [];
      names.push(name);
      found.set(note, names);
    }
  }
  return found;
}

/** A host that has not answered is a row that says so. */
function problemRow({ name }: HostTarget, { result, message, next }: HostProblem): PageRow {
  return hostRow(name, result, "bad", [
    { label: "why", text: message },
    { label: "next", text: next },
  ]);
}

function emptyRow({ name }: HostTarget): PageRow {
  return hostRow(name, NOTHING, "faint", [
    { label: "why", text: "the configuration has no programs yet" },
  ]);
}

function hostRow(host: string, state: string, style: Style, told: readonly Remark[]): PageRow {
  const nothing = Object.fromEntries(columns.map((column) => [column, NOTHING])) as Cells;
  return { row: { host, cells: () => ({ ...nothing, state }), style }, remarks: told };
}
