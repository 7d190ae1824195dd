import { harmless, joined, type Paint, type Style, type Styled } from "./style.ts";
import { displayWidth, fold, wrapWords } from "./width.ts";

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
  /** A word that is longer than a line is broken: it comes from elsewhere, and could look like a line of ours. */
  readonly breaksWords?: true;
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
  { width = Infinity, paint, breaksWords }: PageStyle,
  hanging = indent + HANGING,
): readonly Styled[] {
  const safe = harmless(text);
  const before = begin.reduce((sum, [part]) => sum + displayWidth(harmless(part)), indent);
  const most = Math.max(MIN_TEXT, width - hanging);
  const wrap = (): readonly string[] => {
    if (before + displayWidth(safe) <= width) return [safe];
    if (breaksWords !== true) return wrapWords(safe, most, before - hanging);
    const isBegunBelow = width - before < MIN_TEXT;
    const first = isBegunBelow ? most : Math.min(most, width - before);
    const wrapped = isBegunBelow ? wrapWords(safe, most) : wrapWords(safe, most, before - hanging);
    const broken = wrapped.flatMap((line, index) => {
      const room = index === 0 && !isBegunBelow ? width - before : most;
      return displayWidth(line) <= room ? line : fold(line, first);
    });
    return isBegunBelow ? ["", ...broken] : broken;
  };
  const lines = wrap();
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
