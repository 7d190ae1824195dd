import { ProcError } from "./error.ts";
import { TICKS_PER_SECOND, type Ticks } from "./pid.ts";

/**
 * Parses `/proc/uptime` (proc_uptime(5)): seconds since boot, suspended time included.
 *
 * @throws {ProcError} `malformed` when it does not begin with a number
 */
export function parseUptime(text: string, path = "/proc/uptime"): number {
  const seconds = Number.parseFloat(text);
  if (Number.isNaN(seconds)) throw new ProcError("malformed", path, "no seconds since boot");
  return seconds;
}

/** How old a process is, in ms, from its start ticks and the seconds since boot; never negative. */
export function ageMs(startTime: Ticks, uptimeSeconds: number): number {
  return Math.max(0, (uptimeSeconds - startTime / TICKS_PER_SECOND) * 1000);
}
