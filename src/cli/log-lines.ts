import { isoTime } from "../lib/format.ts";
import { jsonLine } from "../lib/tame.ts";
import {
  foldColoured,
  harmlessColours,
  tameAroundColours,
  withoutColours,
} from "../lib/colours.ts";
import { maskSecrets } from "../lib/secrets.ts";
import type { LogLine } from "../operations/logs/line.ts";
import { type Colours, inColourOf } from "./terminal/style.ts";
import { displayWidth, widthOf } from "./terminal/width.ts";

/** Names are padded to at most so many columns: one long name must not shift all lines. */
const WIDEST = 32;

/** Columns of ` | `. */
const BETWEEN = 3;
/** Columns that a text has at least. */
const LEAST = 20;

/** Which programs and streams there are to tell apart. */
type Shown = ReadonlyMap<string, ReadonlySet<LogLine["stream"]>>;

/**
 * Shows lines of logs for people: the program in front, if there are several, in a colour of its own; the stream, where it has two
 * files. Without colours also what programs have coloured is plain. With `columns`, of a terminal, a line that does not fit goes on below its
 * text: nothing that a program writes stands where the name of another could be.
 */
export function logRenderer(
  shown: Shown,
  colours: Colours,
  columns: () => number | undefined = () => undefined,
): (line: LogLine) => string {
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
    const text = colours > 0 ? harmlessColours(line) : withoutColours(line);
    const begin = Math.max(width, displayWidth(labelOf(program, stream)));
    const room = (columns() ?? Infinity) - begin - BETWEEN;
    if (isOne || 2 * text.length <= room) return head + text;
    // What is masked, or shown by its number, takes the room of that.
    const pieces = foldColoured(
      tameAroundColours(maskSecrets(text)),
      Math.max(LEAST, room),
      widthOf,
    );
    const below = inColourOf(names.indexOf(program), `${" ".repeat(begin)} |`, colours);
    return head + pieces.join(`\n${below} `);
  };
}

/** One JSON object for a script: `line` as it was written. */
export function renderLogJson({ timeMs, program, stream, file, line }: LogLine): string {
  const time = timeMs === undefined ? {} : { time: isoTime(timeMs) };
  return jsonLine({ program, stream, file, ...time, line });
}
