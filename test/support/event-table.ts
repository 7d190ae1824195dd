import { type Kind, rows, type UsrsvcEvent } from "../../src/events/event.ts";
import { type Level, type Row, unlogged } from "../../src/events/row.ts";

type FieldWords = string | Readonly<Record<string, string>>;

/** The rows that the manual has for the events of the log, in Markdown. */
export function eventTable(): string {
  const all = (Object.keys(rows) as readonly Kind[]).map((kind) => {
    const { about, mailed } = rowOf(kind);
    const told = [about, ...fieldsOf(kind).map(([name, words]) => field(name, words))];
    const cells = [
      `\`${kind}\``,
      levelsOf(kind).join(", "),
      mailed === true ? "yes" : "",
      joined(told.flatMap((one) => one ?? [])),
    ];
    return `|${cells.map((cell) => (cell === "" ? " " : ` ${cell} `)).join("|")}|\n`;
  });
  return `| event | level | mail | other fields |\n| --- | --- | --- | --- |\n${all.join("")}`;
}

/** The levels that events of a kind have. */
export function levelsOf(kind: Kind): readonly Level[] {
  const { level } = rowOf(kind);
  return typeof level === "string" ? [level] : level.among;
}

/** The fields of the lines of a kind, with their words. */
export function fieldsOf(kind: Kind): readonly (readonly [string, FieldWords])[] {
  const fields: Readonly<Record<string, FieldWords | typeof unlogged>> = rowOf(kind).fields;
  return Object.entries(fields).flatMap(([name, words]) =>
    words === unlogged ? [] : [[name, words] as const],
  );
}

function rowOf(kind: Kind): Row<UsrsvcEvent> {
  return rows[kind] as Row<UsrsvcEvent>;
}

/** `reason`; `by`: who ended it; `what`: the names of its values, with what they mean. */
function field(name: string, words: FieldWords): string {
  if (typeof words === "string") return words === "" ? `\`${name}\`` : `\`${name}\`: ${words}`;
  const values = Object.entries(words).map(([value, is]) =>
    is === "" ? value : `${value} (${is})`,
  );
  return `\`${name}\`: ${values.join(", ")}`;
}

/** With a comma after what is only a name. */
function joined(parts: readonly string[]): string {
  if (parts.length === 0) return "";
  return parts.reduce((text, part) => `${text}${text.endsWith("`") ? ", " : "; "}${part}`);
}
