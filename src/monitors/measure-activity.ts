import { formatDuration } from "../lib/format.ts";
import { fileActivity } from "./activity-file.ts";
import type { Measured, Measurement } from "./measurement.ts";

/** Time that a look may take, in ms: a person waits. */
const PATIENCE_MS = 2000;

/** What the monitor would measure now, looking at the file as it does. */
export async function measureActivity(
  path: string,
  limitMs: number,
  { ageMs, notYet }: Measured,
): Promise<Measurement> {
  const key = "activityfile";
  const limit = limitMs / 1000;
  const of = `activityfile_limit ${formatDuration(limitMs)}`;
  let sight: Awaited<ReturnType<typeof fileActivity.modified>>;
  try {
    const seen = await orLate(fileActivity.modified(path, true), PATIENCE_MS);
    if (seen === "late") {
      return { key, text: `no answer about ${path}: is its file system gone?`, isOk: false, limit };
    }
    sight = seen;
  } catch (error) {
    const text = `${path} cannot be looked at: ${(error as Error).message}`;
    return { key, text, isOk: false, limit };
  }
  if (sight === undefined) {
    return { key, text: `${path} does not exist${notYet}`, isOk: false, limit };
  }
  const at = typeof sight === "number" ? sight : sight.newest;
  if (at === undefined) {
    return { key, text: `${path} has too many entries to look at (${of})${notYet}`, limit };
  }
  // An older file is none of the process's fault.
  const fileMs = Math.max(0, Date.now() - at);
  const silentMs = Math.min(fileMs, ageMs);
  const since = fileMs > ageMs ? `, and the process is ${formatDuration(ageMs)} old` : "";
  const text = `${path} was touched ${formatDuration(fileMs)} ago${since} (${of})${notYet}`;
  return { key, text, isOk: silentMs <= limitMs, measured: silentMs / 1000, limit };
}

/** What comes of a promise, or "late" after `ms`. */
async function orLate<T>(promise: Promise<T>, ms: number): Promise<T | "late"> {
  let timer: NodeJS.Timeout | undefined;
  const end = new Promise<"late">((resolve) => (timer = setTimeout(() => resolve("late"), ms)));
  try {
    return await Promise.race([promise, end]);
  } finally {
    clearTimeout(timer);
  }
}
