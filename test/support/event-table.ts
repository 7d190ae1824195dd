import { catalogue } from "../../src/events/catalogue.ts";
import { type Kind, mails } from "../../src/events/event.ts";

/** The rows that the manual has for the events of the log, in Markdown. */
export function eventTable(): string {
  const rows = Object.entries(catalogue).map(([kind, { levels, about, fields }]) => {
    const told = [about, ...Object.entries(fields).map(([name, words]) => field(name, words))];
    const mail = mails[kind as Kind] ? "yes" : "";
    const cells = [
      `\`${kind}\``,
      levels.join(", "),
      mail,
      joined(told.flatMap((one) => one ?? [])),
    ];
    return `|${cells.map((cell) => (cell === "" ? " " : ` ${cell} `)).join("|")}|\n`;
  });
  return `| event | level | mail | other fields |\n| --- | --- | --- | --- |\n${rows.join("")}`;
}

/** `reason`; `by`: who ended it; `what`: the names of its values, with what they mean. */
function field(name: string, words: string | Readonly<Record<string, string>>): string {
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
