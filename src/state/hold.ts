import { type Caller, describeCaller } from "../lib/caller.ts";
import { formatDuration, localMinute } from "../lib/format.ts";

/** An operator's word that usrsvcd is to leave a program exactly as it is. */
export interface Hold {
  /** Who has said so. */
  readonly by: Caller;
  /** ISO time. */
  readonly since: string;
  /** ISO time at which it ends by itself; undefined: never. */
  readonly until?: string | undefined;
  /** Why, in the operator's words. */
  readonly reason?: string | undefined;
}

/** True once its time is up, by the clock of the machine. */
export function isOver({ until }: Hold, nowMs: number): boolean {
  return until !== undefined && Date.parse(until) <= nowMs;
}

/** `held by ann (pts/3) for 2 h, until 2030-01-31 18:00 (in 40 min): upgrading the schema`. */
export function describeHold(hold: Hold, nowMs: number): string {
  const { by, since, until, reason } = hold;
  const heldMs = nowMs - Date.parse(since);
  const lasts = heldMs >= 1000 ? ` for ${formatDuration(heldMs)}` : "";
  const why = reason === undefined ? "" : `: ${reason}`;
  const end = until === undefined ? "" : `, until ${describeUntil(until, nowMs)}`;
  return `held by ${describeCaller(by)}${lasts}${end}${why}`;
}

/** `2030-01-31 18:00 (in 40 min)`, by the clock of the machine. */
export function describeUntil(until: string, nowMs: number): string {
  const at = new Date(until);
  return `${localMinute(at)} (in ${formatDuration(Math.max(0, at.getTime() - nowMs))})`;
}

/** A hold as `--json` shows it. */
export interface ShownHold {
  /** The account of the person. */
  readonly by: string;
  /** The account that the command ran as, where that is another. */
  readonly as?: string;
  readonly terminal?: string;
  readonly since: string;
  readonly until?: string;
  readonly reason?: string;
}

/** The flat form of a hold. */
export function showHold({ by: { account, as, terminal }, since, until, reason }: Hold): ShownHold {
  return {
    by: account,
    ...(as !== undefined && { as }),
    ...(terminal !== undefined && { terminal }),
    since,
    ...(until !== undefined && { until }),
    ...(reason !== undefined && { reason }),
  };
}

/** The same as a hold. */
export function heldAs({ by: account, as, terminal, ...when }: ShownHold): Hold {
  return { by: { account, as, terminal }, ...when };
}
