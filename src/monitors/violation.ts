import type { MonitorKey } from "../config/settings.ts";

/** A limit of `[[Monitor]]` was exceeded: the program must be restarted. */
export interface Violation {
  readonly monitor: MonitorKey;
  /** The measured and the allowed value, in bytes or ms; `measured` is undefined if nothing was. */
  readonly measured: number | undefined;
  readonly limit: number;
  /** The same in words, for the log, `status` and the mail. */
  readonly reason: string;
}

/** Called at most once by a monitor, which then ends. */
export type OnViolation = (violation: Violation) => void;
