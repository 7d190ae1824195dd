import type { LogStream } from "./sources.ts";

/** A line that a program has written. */
export interface LogLine {
  readonly program: string;
  readonly stream: LogStream;
  readonly file: string;
  /** In ms since 1970; undefined: it has none that is understood. */
  readonly timeMs: number | undefined;
  readonly line: string;
}

/** What a person should know of the logs of a program. */
export interface LogNote {
  readonly program: string;
  readonly text: string;
}
