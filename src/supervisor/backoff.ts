import type { ProgramSettings } from "../config/settings.ts";

/*
 * How long to wait before the next start, and when to give up: arithmetic alone. Time and chance are arguments.
 */

/** A run of this length is stable: the growing pause begins anew. */
export const STABLE_MS = 60_000;
/** Number of early deaths in a row that are answered at once. */
export const EARLY_AT_ONCE = 2;
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;
/** After an operator called a start off, so that the lock is free for that, in ms. */
export const CALLED_OFF_PAUSE_MS = 100;
/** After something outside of the machine failed, or another has the program, in ms. */
export const TROUBLE_PAUSE_MS = 10_000;
/** Variation of the pause, up or down, as a fraction. */
const JITTER = 0.1;

/** What went wrong lately. */
export interface Failures {
  /** Failed starts since the program was last seen running. */
  readonly failures: number;
  /** Steps of the growing pause. */
  readonly streak: number;
  /** Deaths in a row, each of them within a minute of the start. */
  readonly early: number;
  /** With restart_window: when it ended or failed to start within that, the latest last; monotonic, in ms. */
  readonly ends: readonly number[];
}

/** Most programs never end, or have no restart_window. */
const noEnds: readonly number[] = [];

/** No failure is known. */
export const noFailures: Failures = { failures: 0, streak: 0, early: 0, ends: noEnds };
/** With restart_window no more are counted. */
export const MOST_ENDS = 1000;

/** What a pause depends on. */
export interface BackoffContext {
  readonly settings: Pick<
    ProgramSettings,
    "maxrestarts" | "restartDelayMs" | "restartMaxDelayMs" | "restartWindowMs"
  >;
  /** From 0 to 1: so that programs that failed together do not all come back at once. */
  readonly chance: number;
}

/** Counts a death: a run of a minute is forgiven all that was before. */
export function countDeath<T extends Failures>(failures: T, livedMs: number): T {
  return livedMs >= STABLE_MS ? forgive(failures) : { ...failures, early: failures.early + 1 };
}

/** The pauses begin anew. */
function forgive<T extends Failures>(failures: T): T {
  return { ...failures, early: 0, streak: 0 };
}

/** All counts begin anew, but for the deaths and pauses in a row. */
export function countAnew<T extends Failures>(failures: T): T {
  return failures.failures === 0 && failures.ends.length === 0
    ? failures
    : { ...failures, failures: 0, ends: noEnds };
}

/** An operator has started it: what was before counts no more. */
export function startAnew<T extends Failures>(failures: T): T {
  return { ...forgive(failures), ends: noEnds };
}

/** When something is counted. */
interface CountContext extends Pick<BackoffContext, "settings"> {
  /** Monotonic, in ms. */
  readonly now: number;
}

/** Counts a start that failed. */
export function countFailure<T extends Failures>(failures: T, context: CountContext): T {
  const counted = { ...failures, failures: failures.failures + 1, streak: failures.streak + 1 };
  return countEnd(counted, context);
}

/** Counts an end that is answered, or a start that failed, within restart_window. */
export function countEnd<T extends Failures>(failures: T, { settings, now }: CountContext): T {
  const { maxrestarts, restartWindowMs } = settings;
  if (restartWindowMs === 0 || maxrestarts === 0) return failures;
  const recent = failures.ends.filter((at) => now - at < restartWindowMs);
  return { ...failures, ends: [...recent, now].slice(-MOST_ENDS) };
}

/** True where that was one too many: maxrestarts in a row, or within restart_window; 0 is never reached. */
export function isTooMany(
  { failures, ends }: Failures,
  { settings }: Pick<BackoffContext, "settings">,
): boolean {
  const { maxrestarts, restartWindowMs } = settings;
  if (maxrestarts === 0) return false;
  return restartWindowMs === 0
    ? failures >= maxrestarts
    : ends.length >= Math.min(maxrestarts, MOST_ENDS);
}

/** True where it starts well and dies at once, over and over. */
export function keepsEnding({ early }: Failures): boolean {
  return early > EARLY_AT_ONCE;
}

/** The pause after a start that failed: restart_delay, which grows with maxrestarts 0. */
export function pauseMs(streak: number, context: BackoffContext): number {
  const { maxrestarts, restartDelayMs } = context.settings;
  return maxrestarts > 0 ? restartDelayMs : growingPauseMs(streak, context);
}

/** The pause of what keeps ending: it grows whatever maxrestarts says. */
export function earlyPauseMs({ early }: Failures, context: BackoffContext): number {
  return growingPauseMs(early - EARLY_AT_ONCE, context);
}

function growingPauseMs(streak: number, { settings, chance }: BackoffContext): number {
  const { restartDelayMs, restartMaxDelayMs } = settings;
  const first = restartDelayMs > 0 ? restartDelayMs : FIRST_PAUSE_MS;
  const longest = Math.max(restartMaxDelayMs ?? LONGEST_PAUSE_MS, restartDelayMs);
  // One that was asked for as it is.
  if (restartMaxDelayMs !== undefined && longest <= first) return longest;
  const grown = Math.min(longest, first * 2 ** Math.min(streak - 1, 30));
  return Math.round(grown * (1 + JITTER * (2 * chance - 1)));
}
