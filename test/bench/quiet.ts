import { setTimeout as sleep } from "node:timers/promises";
import type { Home } from "./home.ts";
import { usage, usedBetween } from "./usage.ts";

/**
 * Waits until the manager has used less than 0.5 % of a core in each of `seconds` seconds in a row, but
 * not for ever: one that never rests is measured as it is. Some 8 s after its last work, V8 collects
 * garbage once, at its leisure: that belongs to the work.
 */
export async function quiet(home: Home, pid: number, seconds: number): Promise<void> {
  const end = performance.now() + (seconds + 30) * 1000;
  let before = usage(pid, home.services);
  for (let quietSeconds = 0; quietSeconds < seconds && performance.now() < end;) {
    await sleep(1000, undefined, { signal: home.signal });
    const after = usage(pid, home.services);
    quietSeconds = usedBetween(before, after).cpuMs < 5 ? quietSeconds + 1 : 0;
    before = after;
  }
}
