import { isoTime } from "../lib/format.ts";
import { jsonLine } from "../lib/tame.ts";
import { harmlessColours, withoutColours } from "../lib/colours.ts";
import type { LogLine } from "../operations/logs/line.ts";
import { displayWidth } from "./terminal/width.ts";

/** Names are padded to at most so many columns: one long name must not shift all lines. */
const WIDEST = 32;
/** Colours that are legible on light and on dark (SGR): cyan, yellow, green, magenta, blue, and their bright ones. */
const COLOURS = [36, 33, 32, 35, 34, 96, 93, 92, 95, 94] as const;

/** Which programs and streams there are to tell apart. */
type Shown = ReadonlyMap<string, ReadonlySet<LogLine["stream"]>>;

/**
 * Shows lines of logs for people: the program in front, if there are several, in a colour of its own; the stream, where it has two
 * files. Without `hasColours` also what programs have coloured is plain.
 */
export function logRenderer(shown: Shown, hasColours: boolean): (line: LogLine) => string {
  const names = [...shown.keys()];
  const heads = new Map<string, string>();
  const isOne = names.length === 1;
  const labelOf = (program: string, stream: string): string => {
    const which = stream === "stderr" ? "err" : "out";
    const label = (shown.get(program)?.size ?? 0) > 1 ? which : "";
    return isOne ? label : `${program} ${label}`.trim();
  };
  const labels = names.flatMap((name) =>
    [...(shown.get(name) ?? [])].map((one) => labelOf(name, one)),
  );
  const width = Math.min(WIDEST, Math.max(0, ...labels.map(displayWidth)));
  const headOf = (program: string, stream: string): string => {
    const label = labelOf(program, stream);
    if (label === "") return "";
    const head = `${label}${" ".repeat(Math.max(0, width - displayWidth(label)))} |`;
    if (!hasColours) return `${withoutColours(head)} `;
    const colour = COLOURS[names.indexOf(program) % COLOURS.length] ?? 39;
    return `\u001b[${colour}m${withoutColours(head)}\u001b[0m `;
  };
  return ({ program, stream, line }) => {
    const key = `${stream} ${program}`;
    const head = heads.get(key) ?? headOf(program, stream);
    heads.set(key, head);
    return head + (hasColours ? harmlessColours(line) : withoutColours(line));
  };
}

/** One JSON object for a script: `line` as it was written. */
export function renderLogJson({ timeMs, program, stream, file, line }: LogLine): string {
  const time = timeMs === undefined ? {} : { time: isoTime(timeMs) };
  return jsonLine({ program, stream, file, ...time, line });
}
