import type { HostTarget } from "../../config/hosts.ts";
import { type PageLine, styledLines } from "../terminal/page-line.ts";
import { inColourOf, harmless, joined, painter, type Styled } from "../terminal/style.ts";
import type { Display } from "../terminal/terminal.ts";
import { cutMiddle, displayWidth } from "../terminal/width.ts";

/** The share of a line that the name of its host may take. */
const MOST_OF_LINE = 1 / 3;
/** What it gets at least, in columns. */
const LEAST = 8;

/** How the names of hosts stand before their lines. */
export interface HostNames {
  readonly targets: readonly HostTarget[];
  /** What follows a name. */
  readonly after: string;
  /** All are as wide as the widest. */
  readonly isAligned: boolean;
}

/** What stands before a line of a host, in at most so many columns. */
export function hostPrefix(
  { targets, after, isAligned }: HostNames,
  { name }: HostTarget,
  most = Infinity,
): string {
  const shown = (one: string): string => cutMiddle(harmless(one), most - displayWidth(after));
  const width = isAligned ? Math.max(...targets.map((one) => displayWidth(shown(one.name)))) : 0;
  const own = shown(name);
  return own + " ".repeat(Math.max(0, width - displayWidth(own))) + after;
}

/**
 * Lines of a host on a terminal, with its name in front in a colour of its own. What does not fit goes on below its
 * text: nothing that a host says stands where the name of another could be.
 */
export function hostLines(
  lines: readonly PageLine[],
  names: HostNames,
  target: HostTarget,
  { columns, colours }: Display,
): readonly Styled[] {
  const paint = painter(colours);
  const most = columns === undefined ? Infinity : Math.max(LEAST, columns * MOST_OF_LINE);
  const prefix = hostPrefix(names, target, Math.floor(most));
  const taken = displayWidth(prefix);
  const own = inColourOf(names.targets.indexOf(target), prefix, colours);
  const width = columns === undefined ? undefined : columns - taken;
  return lines.flatMap((line) =>
    styledLines(line, { width, paint, breaksWords: true }).map((one, index) =>
      joined([index === 0 ? own : paint(" ".repeat(taken)), one]),
    ),
  );
}
