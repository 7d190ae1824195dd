import { parseSince } from "../lib/moment.ts";
import { UsageError } from "./args.ts";

/* What events and logs have in common: how much of what was is shown, and what comes. */

/** Events that are shown unless another number, or a time, is asked for. */
export const USUAL_EVENTS = 50;

/** Options of both. */
export const lookingBack = {
  follow: { short: "f", help: "go on with what comes from now on" },
  lines: {
    short: "n",
    value: "N",
    help: `the latest N (default ${USUAL_EVENTS} events; 20 lines of each program)`,
  },
  since: { value: "TIME", help: "what is since then: 10m, 04:30, 2030-01-31, 2030-01-31T04:30" },
} as const;

/**
 * A moment in ms since 1970.
 *
 * @throws {UsageError}
 */
export function readSince(text: string): number {
  const ms = parseSince(text, Date.now());
  if (ms !== undefined) return ms;
  throw new UsageError(
    `--since: "${text}" is no time; write 10m or 2h, 04:30, 2030-01-31 or 2030-01-31T04:30`,
  );
}

/** @throws {UsageError} */
export function readCount(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new UsageError(`-n: "${text}" is not a whole number such as 20`);
}

/**
 * What limits the events that are shown.
 *
 * @throws {UsageError}
 */
export function readLimits(
  since: string | undefined,
  lines: string | undefined,
): { readonly sinceMs: number | undefined; readonly most: number | undefined } {
  return {
    sinceMs: since === undefined ? undefined : readSince(since),
    most: lines === undefined ? (since === undefined ? USUAL_EVENTS : undefined) : readCount(lines),
  };
}
