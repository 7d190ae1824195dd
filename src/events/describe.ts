import { rows, type UsrsvcEvent } from "./event.ts";
import { type Level, type Row, unlogged } from "./row.ts";
import { showExit } from "./shown-exit.ts";

/** Fields of a line of the log besides `level`, `time`, `event` and `msg`. */
export type LineFields = Readonly<Record<string, unknown>>;

/** What is reported of an event. */
export interface Described {
  readonly level: Level;
  /** For people: `msg` of the line. */
  readonly sentence: string;
  /** For programs: the other fields of the line. */
  readonly fields: LineFields;
}

/** An event as the log reports it. */
export function describe(event: UsrsvcEvent): Described {
  const { level, sentence, fields } = rows[event.kind] as Row<UsrsvcEvent>;
  return {
    level: typeof level === "string" ? level : level.of(event),
    sentence: sentence(event),
    fields: lineFields(event, fields),
  };
}

/** Left out where there are none. */
const LINES: ReadonlySet<string> = new Set(["output", "details"]);

/** What is undefined is left out. */
function lineFields(event: UsrsvcEvent, fields: Readonly<Record<string, unknown>>): LineFields {
  const { kind: _, ...all } = event;
  const shown = Object.entries({
    ...("program" in all ? { program: all.program } : {}), // the first
    ...all,
    ...("exit" in all ? { exit: all.exit && showExit(all.exit) } : {}),
  }).filter(([key, value]) => {
    if (value === undefined || fields[key] === unlogged) return false;
    return !(LINES.has(key) && Array.isArray(value) && value.length === 0);
  });
  return Object.fromEntries(shown);
}
