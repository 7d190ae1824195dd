import type { Home } from "./home.ts";

const SLOW_MS = 10_000;
const LEAST_TRIES = 3;

/** How often, and how long. */
export interface Effort {
  /** How often each manager is launched. */
  readonly rounds: number;
  readonly killsARound: number;
  readonly commandTries: number;
  readonly idleSeconds: number;
  /** So many quiet seconds go before idleness is watched. */
  readonly restSeconds: number;
}

/** The names of `count` services. */
export function names(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `p${String(index + 1).padStart(4, "0")}`);
}

/** The time in ms from `since` until the last of `ids` has begun. */
export async function untilAllRun(
  home: Home,
  since: number,
  ids: readonly string[],
): Promise<number> {
  const notes = await home.services.begunAfter(since, ids, home.signal);
  return (Math.max(...notes.map(({ at }) => at)) - since) / 1e6;
}

/**
 * Does something so many times, but no longer than some seconds once it was done three times: what is
 * slow needs fewer tries to be told from what is fast. What each yields is added to `values`.
 */
export async function repeat(
  values: number[],
  tries: number,
  one: (index: number) => Promise<number>,
): Promise<void> {
  const enough = performance.now() + SLOW_MS;
  for (let index = 0; index < tries; index++) {
    if (index >= LEAST_TRIES && performance.now() > enough) return;
    values.push(await one(index));
  }
}
