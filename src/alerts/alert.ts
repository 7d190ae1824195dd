import type { ShownExit } from "../events/shown-exit.ts";

/** What people are told of by mail. */
export type AlertKind =
  | "started"
  | "restarted"
  | "limit-exceeded"
  | "start-failed"
  | "keeps-ending"
  | "gave-up"
  | "stuck";

/** One thing that happened to a program. Plain JSON: it waits on disk until it is mailed. */
export interface Alert {
  readonly kind: AlertKind;
  readonly program: string;
  /** ISO time. */
  readonly at: string;
  /** Why, in one sentence. */
  readonly reason: string;
  /** How the process ended, where that is part of the story. */
  readonly exit: ShownExit | undefined;
  /** The process that runs now, or was tried. */
  readonly pid: number | undefined;
  /** What happens next. */
  readonly next: string;
  /** Last lines of the program's output. */
  readonly output: readonly string[];
}
