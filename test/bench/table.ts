import { type Figure, type Unit, verdictsOf } from "./figures.ts";
import { verdict } from "./goals.ts";
import type { Step } from "./report.ts";

const WIDTHS = [46, 11, 18, 18, 6, 10];

/** The head of a table of figures. */
export function formatHead(title: string): string {
  return `\n${line([title, "median", "quartiles", "min-max", "tries", "others"])}  compared, goal`;
}

/** One line of the table; `!` marks a figure that was taken while others used the machine. */
export function formatFigure(one: Figure): string {
  const { row, unit, median, q1, q3, min, max, tries, load, disturbed, floor } = one;
  const cells = [
    `  ${row}`,
    `${number(median)} ${unit}`,
    tries < 2 ? "" : `${number(q1)}-${number(q3)}`,
    tries < 2 ? "" : `${number(min)}-${number(max)}`,
    String(tries),
    `${percent(load.others + load.steal)}${disturbed ? " !" : "  "}`,
  ];
  const notes = [
    ...(floor === undefined ? [] : [`${floor.ratio.toFixed(2)} x ${floor.name}`]),
    ...verdictsOf(one).map(
      ({ reached, relation, limit }) => `${verdict(reached)}: ${relation} ${number(limit)} ${unit}`,
    ),
  ];
  return `${line(cells)}  ${notes.join("; ")}`.trimEnd();
}

/** Above which table a figure stands. */
export function titleOf({ manager, programs }: Figure): string {
  const services = programs === 1 ? "1 service" : `${programs} services`;
  return `${manager === "" ? "node" : manager}, ${services}`;
}

/** A line of a long measurement. */
export function formatStep(step: Step): string {
  return Object.entries(step)
    .map(([key, value]) => `${key} ${formatStepValue(value)}`)
    .join("  ");
}

/** Counts are printed as they are. */
export function formatStepValue(value: number): string {
  return Number.isInteger(value) ? String(value) : number(value);
}

/** What of the goals was reached, and what was not. */
export function formatSummary(figures: readonly Figure[]): string {
  const lines = figures.flatMap((one) =>
    verdictsOf(one).map(
      ({ reached, text, relation, limit, scale, doubtful }) =>
        `  ${verdict(reached).padEnd(9)}${`${one.programs}`.padStart(5)}  ${one.row.padEnd(46)}` +
        `${show(one.median, one.unit).padStart(10)}, goal ${text}: here ${relation} ` +
        `${show(limit, one.unit)} (${scale})${doubtful ? "  ! doubtful" : ""}`,
    ),
  );
  const verdicts = figures.flatMap(verdictsOf);
  const reached = verdicts.filter((one) => one.reached).length;
  const doubtful = verdicts.filter((one) => one.doubtful).length;
  const disturbed = figures.filter((one) => one.disturbed).length;
  return [
    `\ngoals: ${reached} reached, ${lines.length - reached} missed` +
      (doubtful === 0 ? "" : `; ${doubtful} of these are doubtful (!): others used the machine`),
    ...lines,
    `\n${disturbed} of ${figures.length} figures were taken while others used the machine (!)`,
  ].join("\n");
}

/** A value with its unit, in three digits. */
export function show(value: number, unit: Unit): string {
  return `${number(value)} ${unit}`.trimEnd();
}

/** Three digits are more than such figures are worth. */
export function number(value: number): string {
  return value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : 2);
}

/** A share in percent. */
export function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function line([first = "", ...rest]: readonly string[]): string {
  return (
    first.padEnd(WIDTHS[0] ?? 0) +
    rest.map((cell, index) => cell.padStart(WIDTHS[index + 1] ?? 0)).join("")
  );
}
