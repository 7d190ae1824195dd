import type { Exit } from "../../proc/exit.ts";
import type { ReadyWhen } from "../config/settings.ts";
import { startWindowMs, type WindowSettings } from "../state/start-window.ts";

/**
 * What makes a start a success, as a value: made here from the settings, and judged here, for `follow-start` alone.
 * The program has to be there when the window closes.
 */
export interface StartCriterion {
  /** From the launch on: success_seconds, or start_timeout. */
  readonly windowMs: number;
  /** What has to be true by then; undefined: that the program is there is enough. */
  readonly check?: ReadyWhen;
  /** With a check: how long the process of a program whose first one has left may take to appear. */
  readonly appearMs?: number;
  /** It ends with what is launched: a job does not go to the background. */
  readonly endsWithLaunched?: true;
}

/** Time that a daemon has to appear at least, in ms. */
const APPEAR_MS = 1000;

/** The criterion of a program; one of which nothing is configured any more is judged at once. */
export function startCriterion(settings: WindowSettings | undefined): StartCriterion {
  if (settings === undefined) return { windowMs: 0 };
  const { ready: check, successMs } = settings;
  const windowMs = startWindowMs(settings);
  return check === undefined
    ? { windowMs, ...(settings.type === "job" && { endsWithLaunched: true }) }
    : { windowMs, check, appearMs: Math.max(successMs, APPEAR_MS) };
}

/** What one look shows of a start. */
export interface StartFacts {
  /** Since the launch. */
  readonly elapsedMs: number;
  /** A process is there that is the program. */
  readonly isFound: boolean;
  /** That is the shell still which prepares the launch. Asked when the window closes: it takes a look. */
  readonly isShell: () => boolean;
  /** How the launched process ended; undefined while it lives. */
  readonly exit: Exit | undefined;
  /** Since that. */
  readonly sinceExitMs?: number;
  /** The check was true; undefined: there is none. */
  readonly isReady?: boolean | undefined;
}

/** What has become of a start by now. */
export function judge(
  { windowMs, appearMs = windowMs, endsWithLaunched }: StartCriterion,
  { elapsedMs, isFound, isShell, exit, sinceExitMs = 0, isReady }: StartFacts,
): "started" | "failed" | "undecided" {
  const isOver = elapsedMs >= windowMs;
  if (isFound && isReady === true && !isShell()) return "started";
  if (isFound && !isOver) return "undecided";
  if (isFound && isReady === false) return "failed";
  // Something keeps that shell from going on: it was stopped, for example.
  if (isFound) return isShell() ? "failed" : "started";
  if (isOver || sinceExitMs >= appearMs) return "failed";
  // A classic daemon forks, and its first process leaves with 0: its match may still appear.
  const mayAppear = endsWithLaunched !== true && hasLeftInOrder(exit);
  return exit === undefined || mayAppear ? "undecided" : "failed";
}

/** Times of the looks for the match, in ms after the launch; then one each second. */
const LOOKS_MS = [1, 3, 10, 25, 50, 100, 200, 400, 700];
/** Longest time between two looks, in ms. */
const LOOK_EVERY_MS = 1000;

/**
 * Time until the next look, in ms, after `looks` of them. `isSettled`: the program is there, and nothing can change
 * but that it ends, which is noticed.
 */
export function pauseMs(
  { windowMs }: StartCriterion,
  { elapsedMs, looks, isSettled }: { elapsedMs: number; looks: number; isSettled: boolean },
): number {
  const left = windowMs - elapsedMs;
  const next = (LOOKS_MS[looks] ?? Number.POSITIVE_INFINITY) - elapsedMs;
  const pause = isSettled ? left : Math.min(LOOK_EVERY_MS, next);
  return Math.max(1, Math.min(pause, left));
}

/** As the first process of a daemon does. */
export function hasLeftInOrder(exit: Exit | undefined): boolean {
  return exit?.kind === "code" && exit.code === 0;
}
