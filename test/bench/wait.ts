import { setTimeout as sleep } from "node:timers/promises";

const POLL_MS = 5;

/** What was waited for did not come. */
export class TimeoutError extends Error {
  override readonly name = "TimeoutError";
}

/** Waits until `look` yields something. The times that are measured are noted by others meanwhile. */
export async function waitFor<T>(
  what: string,
  look: () => T | undefined,
  signal: AbortSignal,
  seconds = 60,
): Promise<T> {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    if (performance.now() > end) throw new TimeoutError(`${what}: not within ${seconds} s`);
    await sleep(POLL_MS, undefined, { signal });
  }
}

/** The time on CLOCK_MONOTONIC, in ns, as the services note it. */
export function now(): number {
  return Number(process.hrtime.bigint());
}
