import type { Schema } from "../../src/config/setting.ts";

/** The rows that the manual has for a section of settings, in Markdown. */
export function manualTable(schema: Schema): string {
  const rows = Object.entries(schema).map(([key, { aliases, shownDefault, unit, help }]) => {
    const also = aliases.map((alias) => ` (also \`${alias}\`)`).join("");
    return `| \`${key}\`${also} | ${escaped(shownDefault)} | ${unit.name} | ${escaped(help)} |\n`;
  });
  return `| key | default | unit | meaning |\n| --- | --- | --- | --- |\n${rows.join("")}`;
}

/** As a cell of a table. */
export function escaped(text: string): string {
  return text.replaceAll("|", "\\|");
}
