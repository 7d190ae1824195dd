import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";

/** Time that anything waited for may take, in ms: no test fails because a machine is slow. */
const PATIENCE_MS = 30_000;

/** What `condition` yields as soon as it yields something; fails, naming `what`, after `ms`. */
export async function waitFor<T>(
  condition: () => T | undefined | false,
  what: string,
  ms = PATIENCE_MS,
): Promise<T> {
  const end = performance.now() + ms;
  for (;;) {
    const found = condition();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > end) assert.fail(`not within ${ms} ms: ${what}`);
    await pause(5);
  }
}

/** What `promise` yields; fails, naming `what`, when that takes longer than `ms`. */
export async function inTime<T>(promise: Promise<T>, what: string, ms = PATIENCE_MS): Promise<T> {
  const late = new AbortController();
  const deadline = pause(ms, undefined, { signal: late.signal }).then(() =>
    assert.fail(`not within ${ms} ms: ${what}`),
  );
  try {
    return await Promise.race([promise, deadline]);
  } finally {
    late.abort();
    deadline.catch(() => {});
  }
}
