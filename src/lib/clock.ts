/** The longest delay that `setTimeout` takes; a longer one (`Infinity` too) fires after 1 ms. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

/**
 * Milliseconds on a clock that never jumps (CLOCK_MONOTONIC). Only differences mean anything. Not by
 * `performance`: loading it takes 1.3 ms, which counts in a `usrsvc status`.
 */
export function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}

/** Waits `ms`. Rejects with the signal's reason as soon as `signal` is aborted. */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  const end = monotonicMs() + ms;
  for (let left = ms; left > 0; left = end - monotonicMs()) {
    await sleepOnce(Math.min(left, LONGEST_DELAY_MS), signal);
  }
}

async function sleepOnce(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason as Error);
      return;
    }
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, Math.ceil(ms));
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/**
 * What `promise` yields if it does so within `ms`, else undefined. The timer goes with the race.
 */
export async function within<T>(
  promise: Promise<T>,
  ms: number,
  signal?: AbortSignal,
): Promise<T | undefined> {
  const done = new AbortController();
  const stop = (): void => done.abort(signal?.reason);
  signal?.addEventListener("abort", stop, { once: true });
  try {
    if (signal?.aborted) throw signal.reason;
    return await Promise.race([promise, sleep(ms, done.signal).then(() => undefined)]);
  } finally {
    signal?.removeEventListener("abort", stop);
    done.abort();
  }
}

/** A timer that can be set far ahead; returns the function that cancels it. */
export function callAt(atMs: number, call: () => void): () => void {
  let timer: NodeJS.Timeout;
  const arm = (): void => {
    const left = atMs - monotonicMs();
    timer = setTimeout(
      () => (atMs - monotonicMs() > 0.5 ? arm() : call()),
      Math.min(Math.max(0, Math.ceil(left)), LONGEST_DELAY_MS),
    );
  };
  arm();
  return () => clearTimeout(timer);
}

/** What `read` yields: for all who ask within `ms` it is read once. A caller may ask for a younger one. */
export function lately<T>(ms: number, read: () => T): (mostMs?: number) => T {
  let known: { readonly value: T; readonly at: number } | undefined;
  return (mostMs = ms) => {
    const now = monotonicMs();
    if (known === undefined || now - known.at > Math.min(ms, mostMs)) {
      known = { value: read(), at: now };
    }
    return known.value;
  };
}
