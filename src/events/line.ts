import { showExit } from "./shown-exit.ts";
import { type EventOf, type Kind, type UsrsvcEvent } from "./event.ts";

/** Fields of a line of the log besides `level`, `time`, `event` and `msg`. */
export type LineFields = Readonly<Record<string, unknown>>;

type KeyOf<T> = T extends unknown ? keyof T : never;

/** What an event has besides its kind. */
type FieldOf<K extends Kind> = Exclude<KeyOf<EventOf<K>>, "kind" | "program">;

/** What is only for the sentence, or for the mail: all other fields are those of the line. */
const unlogged = {
  "daemon.stopping": ["ends", "runOn"],
  "config.problem": ["message"],
  "program.starting": ["command", "action", "isRestart"],
  "program.started": ["livedMs", "cause", "reason", "last"],
  "program.adopted": ["known"],
  "program.requested": ["message"],
  "program.exited": ["how", "reason", "isSuccess"],
  "program.backoff": ["maxrestarts", "windowMs", "cause", "last"],
  "program.gave-up": ["maxrestarts", "windowMs", "retryMs", "last"],
  "program.limit-exceeded": ["reason"],
  "program.stopping": ["isFinishing"],
  "program.stuck": ["isKnown"],
  "program.renamed": ["text"],
  "program.pidfile-repaired": ["text"],
  "program.warning": ["isOurs", "text"],
  "program.error": ["how", "retryMs", "isDown", "last"],
} as const satisfies { readonly [K in Kind]?: readonly FieldOf<K>[] };

type Unlogged<K extends Kind> = K extends keyof typeof unlogged
  ? (typeof unlogged)[K][number]
  : never;

/** The fields of the lines of a kind; those about a program have `program` as well. */
export type LineFieldOf<K extends Kind> = Exclude<FieldOf<K>, Unlogged<K>>;

const hidden: Readonly<Partial<Record<string, readonly string[]>>> = unlogged;

/** Left out where there are none. */
const LINES: ReadonlySet<string> = new Set(["output", "details"]);

/** The fields of its line. What is undefined is left out. */
export function lineFields(event: UsrsvcEvent): LineFields {
  const { kind, ...all } = event;
  const shown = Object.entries({
    ...("program" in all ? { program: all.program } : {}), // the first
    ...all,
    ...("exit" in all ? { exit: all.exit && showExit(all.exit) } : {}),
  }).filter(([key, value]) => {
    if (value === undefined || hidden[kind]?.includes(key) === true) return false;
    return !(LINES.has(key) && Array.isArray(value) && value.length === 0);
  });
  return Object.fromEntries(shown);
}
