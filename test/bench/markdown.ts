import { BARE_C, BARE_NODE } from "./floors.ts";
import { type Figure, rows, verdictsOf } from "./figures.ts";
import type { Report, Step } from "./report.ts";
import { formatStepValue, show } from "./table.ts";

const headings: readonly (readonly [manager: string, heading: string])[] = [
  ["usrsvcd", "usrsvcd"],
  [BARE_NODE, "bare Node"],
  [BARE_C, "bare C"],
  ["runit", "runit"],
  ["daemontools", "daemontools"],
  ["supervisor", "supervisor"],
];

/** Tables for docs/performance.md: a row is what was measured, a column who. */
export function formatMarkdown({ machine, figures, steps, findings }: Report): string {
  const counts = [...new Set(figures.map(({ programs }) => programs))];
  const peers = Object.entries(machine.peers)
    .filter(([, version]) => version !== "")
    .map(([name, version]) => `${name} ${version}`);
  const tables = counts.map((count) => table(figures.filter(({ programs }) => programs === count)));
  return `${[
    `${machine.time.slice(0, 10)}, usrsvc ${machine.version}, Node ${machine.node}, ` +
      `Linux ${machine.kernel}, ${machine.cpus} x ${machine.cpu}` +
      `${peers.length > 0 ? `; ${peers.join(", ")}` : ""}:`,
    ...tables,
    ...(steps.length > 0 ? [stepTable(steps)] : []),
    ...(findings.length > 0 ? [findings.map((one) => `- ${one}`).join("\n")] : []),
  ].join("\n\n")}\n`;
}

function table(figures: readonly Figure[]): string {
  const count = figures[0]?.programs ?? 0;
  const columns = headings.filter(([name]) => figures.some(({ manager }) => manager === name));
  const head = [
    count === 1 ? "1 service" : `${count} services`,
    ...columns.map(([, heading]) => heading),
    "usrsvcd: compared",
    "goal",
  ];
  const node = figures.find(({ row }) => row === rows.node);
  const lines = Object.values(rows).flatMap((row) => {
    const some = figures.filter((one) => one.row === row);
    const own = some.find(({ manager }) => manager === "usrsvcd");
    if (own === undefined) return [];
    const cells = columns.map(([name]) => cell(some.find(({ manager }) => manager === name)));
    return [[row.replace("->", "→"), ...cells, compared(own), verdicts(own)]];
  });
  const first = node === undefined ? [] : [[`\`${rows.node}\`: ${cell(node)}`, ...blanks(head)]];
  return markdownTable([head, head.map(() => "---"), ...lines, ...first]);
}

function stepTable(steps: readonly Step[]): string {
  const head = Object.keys(steps[0] ?? {});
  const lines = steps.map((step) => head.map((key) => formatStepValue(step[key] ?? Number.NaN)));
  return markdownTable([head, head.map(() => "---"), ...lines]);
}

function markdownTable(lines: readonly (readonly string[])[]): string {
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function cell(one: Figure | undefined): string {
  if (one === undefined) return "";
  const { median, q1, q3, unit, tries, disturbed } = one;
  const spread = tries < 2 ? "" : ` (${show(q1, "")}–${show(q3, "")})`;
  return `${show(median, unit)}${spread}${disturbed ? " !" : ""}`;
}

function compared({ floor }: Figure): string {
  if (floor === undefined) return "";
  const name = floor.name === BARE_NODE ? "bare Node" : `\`${floor.name}\``;
  return `${floor.ratio.toFixed(2)} × ${name}`;
}

function verdicts(one: Figure): string {
  return verdictsOf(one)
    .map(({ relation, limit, reached, doubtful }) => {
      const bound = `${relation === "below" ? "<" : "≤"} ${show(limit, one.unit)}`;
      return `${bound}: ${reached ? "reached" : "missed"}${doubtful ? " !" : ""}`;
    })
    .join("; ");
}

function blanks(head: readonly string[]): readonly string[] {
  return head.slice(1).map(() => "");
}
