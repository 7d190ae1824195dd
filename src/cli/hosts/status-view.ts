import type { HostTarget } from "../../config/hosts.ts";
import { enumerate } from "../../lib/format.ts";
import { maskSecrets } from "../../lib/secrets.ts";
import type { HostProblem } from "../../operations/hosts/ssh-failure.ts";
import { renderTable, statusHeads, statusRow, type TableRow } from "../render.ts";
import { type Answer, readStatus } from "./read-answer.ts";
import { type HostsView, problemJson, type ViewContext, withHost } from "./view.ts";

/** What is known of a host. */
interface Seen {
  readonly json: string[];
  readonly rows: TableRow[];
  readonly notes: Set<string>;
  readonly lacks: Set<string>;
}

/** One table of all hosts, in their order. */
export function statusView({ screen, json, command, targets }: ViewContext): HostsView {
  const seen = new Map<HostTarget, Seen>(
    targets.map((target) => [
      target,
      { json: [], rows: [], notes: new Set(), lacks: new Set() } satisfies Seen,
    ]),
  );
  const now = Date.now();
  const show = (target: HostTarget, answer: Answer): boolean => {
    const read = readStatus(answer);
    const of = seen.get(target);
    if (read === undefined || of === undefined) return false;
    const { cells, remarks } = statusRow(read.status, now);
    of.rows.push({ cells: [target.name, ...cells], remarks });
    of.json.push(withHost(target, answer));
    for (const note of read.status.notes ?? []) of.notes.add(note);
    for (const key of read.lacks) of.lacks.add(key);
    return true;
  };
  const tellProblem: HostsView["tellProblem"] = (target, problem, code) => {
    const of = seen.get(target);
    of?.rows.push(rowOf(target, problem));
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
    screen.page(maskSecrets(renderTable(["HOST", ...statusHeads], rows)));
    for (const [note, names] of notesOf(seen)) {
      screen.result(`note: ${names.join(", ")}: ${note}`);
    }
  };
  return { show, tellProblem, finish };
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
function rowOf({ name }: HostTarget, { result, message, next }: HostProblem): TableRow {
  return { cells: cellsOf(name, result), remarks: [`why: ${message}`, `next: ${next}`] };
}

function emptyRow({ name }: HostTarget): TableRow {
  return { cells: cellsOf(name, "-"), remarks: ["why: the configuration has no programs yet"] };
}

function cellsOf(name: string, state: string): readonly string[] {
  return [name, "-", state, ...statusHeads.slice(2).map(() => "-")];
}
