/** What a limit, or a check, says now. */
export interface Measurement {
  /** The setting: rss_limit, activityfile, watchdog, ready, after. */
  readonly key: string;
  /** For people. */
  readonly text: string;
  /** True: all is well; false: it is not, or is beyond its limit. Absent: nothing was measured. */
  readonly isOk?: boolean;
  /** In bytes or seconds, as the limit. */
  readonly measured?: number;
  readonly limit?: number;
}

/** The process of a program whose limits are measured once, because a person asks. */
export interface Measured {
  readonly ageMs: number;
  /** Its private memory, in bytes, or why it is not known. */
  readonly memory: number | "gone" | "hidden" | "hangs" | undefined;
  /** Said after the words of a limit that is not watched yet; "" where it is. */
  readonly notYet: string;
}
