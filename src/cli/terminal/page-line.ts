import { harmless, joined, type Paint, type Style, type Styled } from "./style.ts";
import { displayWidth, wrapWords } from "./width.ts";

/** A line of a page for people, before it is known where that is shown. */
export interface PageLine {
  /** Blanks before it. */
  readonly indent: number;
  /** What it begins with, if that has a style of its own. */
  readonly begin?: readonly (readonly [text: string, style: Style])[];
  readonly text: string;
  readonly style?: Style;
}

/** How wide a page is, in columns, and in which colours. */
export interface PageStyle {
  /** Undefined: as wide as it takes. */
  readonly width?: number | undefined;
  readonly paint: Paint;
}

/** Columns by which what does not fit into a line is further in than that. */
const HANGING = 4;
/** Columns that a text gets at least, on however narrow a terminal. */
const MIN_TEXT = 20;

/** The same where no terminal shows it. */
export function plainLine({ indent, begin = [], text }: PageLine): string {
  return " ".repeat(indent) + begin.map(([part]) => part).join("") + text;
}

/** A line of a text as such a line. */
export function asPageLine(line: string, style?: Style): PageLine {
  const text = line.replace(/^ +/, "");
  const plain = { indent: line.length - text.length, text };
  return style === undefined ? plain : { ...plain, style };
}

/**
 * It on a terminal: in lines that fit, each of which is further in than the first. So no part of a text stands where a
 * line of ours begins.
 */
export function styledLines(
  { indent, begin = [], text, style }: PageLine,
  { width = Infinity, paint }: PageStyle,
  hanging = indent + HANGING,
): readonly Styled[] {
  const safe = harmless(text);
  const before = begin.reduce((sum, [part]) => sum + displayWidth(harmless(part)), indent);
  const lines =
    before + displayWidth(safe) <= width
      ? [safe]
      : wrapWords(safe, Math.max(MIN_TEXT, width - hanging), before - hanging);
  return lines.map((line, index) =>
    index === 0
      ? joined([
          paint(" ".repeat(indent)),
          ...begin.map(([part, its]) => paint(part, its)),
          paint(line, style),
        ])
      : joined([paint(" ".repeat(hanging)), paint(line, style)]),
  );
}
