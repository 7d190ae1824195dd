import type { Home } from "./home.ts";

const SLOW_MS = 10_000;
const LEAST_TRIES = 3;

/** How often, and how long. */
export interface Effort {
  /** How often each manager is launched. */
  readonly rounds: number;
  readonly killsARound: number;
  readonly commandTries: number;
  /** How often all are stopped and started, however slow it is. */
  readonly stopTries: number;
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
  return (await untilRunning(home, since, ids)).lastMs;
}

/** The times in ms from `since` until the first and the last of `ids` have begun. */
export async function untilRunning(
  home: Home,
  since: number,
  ids: readonly string[],
): Promise<{ readonly firstMs: number; readonly lastMs: number }> {
  const notes = await home.services.begunAfter(since, ids, home.signal);
  const times = notes.map(({ at }) => (at - since) / 1e6);
  return { firstMs: Math.min(...times), lastMs: Math.max(...times) };
}

/**
 * Does something so many times, but no longer than some seconds once it was done `least` times: what is
 * slow needs fewer tries to be told from what is fast. What each yields is added to `values`.
 */
export async function repeat(
  values: number[],
  tries: number,
  one: (index: number) => Promise<number>,
  least = LEAST_TRIES,
): Promise<void> {
  const enough = performance.now() + SLOW_MS;
  for (let index = 0; index < tries; index++) {
    if (index >= least && performance.now() > enough) return;
    values.push(await one(index));
  }
}
