/** A limit of `[[Monitor]]` was exceeded: the program is to be restarted. */
export interface Violation {
  readonly monitor: "rss_limit" | "activityfile";
  /** What was measured and what is allowed, in bytes or ms; `measured` is absent where nothing is. */
  readonly measured: number | undefined;
  readonly limit: number;
  /** The same in words, for the log, `status` and the mail. */
  readonly reason: string;
}

/** Told at most once by a monitor; the monitor is over then. */
export type OnViolation = (violation: Violation) => void;
