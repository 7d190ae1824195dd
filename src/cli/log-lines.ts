import { isoTime } from "../lib/format.ts";
import { jsonLine } from "../lib/tame.ts";
import { harmlessColours, withoutColours } from "../lib/colours.ts";
import type { LogLine } from "../operations/log-line.ts";
import { type Colours, inColourOf } from "./terminal/style.ts";
import { displayWidth } from "./terminal/width.ts";

/** Names are padded to at most so many columns: one long name must not shift all lines. */
const WIDEST = 32;

/** Which programs and streams there are to tell apart. */
type Shown = ReadonlyMap<string, ReadonlySet<LogLine["stream"]>>;

/**
 * Shows lines of logs for people: the program in front, if there are several, in a colour of its own; the stream, where it has two
 * files. Without colours also what programs have coloured is plain.
 */
export function logRenderer(shown: Shown, colours: Colours): (line: LogLine) => string {
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
    return `${inColourOf(names.indexOf(program), withoutColours(head), colours)} `;
  };
  return ({ program, stream, line }) => {
    const key = `${stream} ${program}`;
    const head = heads.get(key) ?? headOf(program, stream);
    heads.set(key, head);
    return head + (colours > 0 ? harmlessColours(line) : withoutColours(line));
  };
}

/** One JSON object for a script: `line` as it was written. */
export function renderLogJson({ timeMs, program, stream, file, line }: LogLine): string {
  const time = timeMs === undefined ? {} : { time: isoTime(timeMs) };
  return jsonLine({ program, stream, file, ...time, line });
}
