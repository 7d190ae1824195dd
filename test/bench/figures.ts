import { loadavg } from "node:os";

/** One thing that was measured. */
export interface Figure {
  /** How many programs there were; 0 for a floor that does not depend on it. */
  readonly programs: number;
  readonly name: string;
  readonly unit: "ms" | "MB" | "/s";
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly tries: number;
  /** Load average of the machine in the last minute, when the last try ended. */
  readonly load: number;
  /** What it is compared with, and how many times that it is. */
  readonly floor?: string;
  readonly ratio?: number;
}

/** Sums up the tries of one measurement. */
export function figure(
  programs: number,
  name: string,
  unit: Figure["unit"],
  values: readonly number[],
  floor?: Figure,
): Figure {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const median = (at(sorted, Math.floor(middle)) + at(sorted, Math.ceil(middle))) / 2;
  return {
    programs,
    name,
    unit,
    median,
    min: at(sorted, 0),
    max: at(sorted, sorted.length - 1),
    tries: sorted.length,
    load: loadavg()[0] ?? Number.NaN,
    ...(floor === undefined ? {} : { floor: floor.name, ratio: median / floor.median }),
  };
}

function at(values: readonly number[], index: number): number {
  return values[index] ?? Number.NaN;
}

const WIDTHS = [46, 11, 11, 11, 7, 7];

/** The head of a table of figures. */
export function formatHead(title: string): string {
  return `\n${row([title, "median", "min", "max", "tries", "load"])}  times its floor`;
}

/** One line of the table. */
export function formatFigure(one: Figure): string {
  const { name, unit, median, min, max, tries, load, floor, ratio } = one;
  const cells = [
    `  ${name}`,
    show(median, unit),
    show(min, unit),
    show(max, unit),
    String(tries),
    load.toFixed(1),
  ];
  return `${row(cells)}${ratio === undefined ? "" : `  ${ratio.toFixed(2)} x ${floor}`}`;
}

function row([first = "", ...rest]: readonly string[]): string {
  return (
    first.padEnd(WIDTHS[0] ?? 0) +
    rest.map((cell, index) => cell.padStart(WIDTHS[index + 1] ?? 0)).join("")
  );
}

function show(value: number, unit: string): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${value.toFixed(digits)} ${unit}`;
}
