import { localSecond } from "../lib/format.ts";
import type { HistoryLine } from "../state/history.ts";
import { asPageLine, type PageLine, plainLine } from "./terminal/page-line.ts";
import type { Style } from "./terminal/style.ts";

/** How lines of a level that matters are marked. */
const MARKS: Readonly<Partial<Record<string, readonly [mark: string, style: Style]>>> = {
  warn: ["WARN  ", "busy"],
  error: ["ERROR ", "bad"],
};

/** `2030-01-31 04:30:15  WARN  web: exited with code 3`, in our time zone; then what it wrote last. */
export function renderEvent(line: HistoryLine): string {
  return eventLines(line).map(plainLine).join("\n");
}

/** The same in lines for a page. */
export function eventLines({ time, level, msg, ...more }: HistoryLine): readonly PageLine[] {
  const mark = MARKS[level];
  const { output, details, reason } = more as Readonly<Record<string, unknown>>;
  const why = typeof reason === "string" && !msg.includes(reason) ? ` (${reason})` : "";
  const lines = [output, details].flatMap((one) => (Array.isArray(one) ? one.map(String) : []));
  return [
    {
      indent: 0,
      begin: [[`${localSecond(time)}  `, "plain"], ...(mark === undefined ? [] : [mark])],
      text: `${msg}${why}`,
    },
    ...lines.map((line) => asPageLine(`    ${line.startsWith("|") ? line : `| ${line}`}`)),
  ];
}
