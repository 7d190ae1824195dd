import type { Home } from "./home.ts";

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
