import type { Check, ProgramSettings } from "../../config/settings.ts";
import type { Host } from "../../host/host.ts";
import { programEnvironment } from "../../launch/environment.ts";
import { NO_LOG } from "../../launch/output.ts";
import { formatBytes, formatDuration } from "../../lib/format.ts";
import type { Memory } from "../../status/memory.ts";

/** What a limit, or a check, says now. */
export interface Measurement {
  /** The setting: rss_limit, activityfile, watchdog, ready, after. */
  readonly key: string;
  /** For people. */
  readonly text: string;
  /** True: all is well; false: it is not, or is beyond its limit. Absent: nothing was measured. */
  readonly isOk?: boolean;
  /** In bytes or seconds, as the limit. */
  readonly measured?: number;
  readonly limit?: number;
}

/** Time that all measurements together may take, in ms: a person waits. */
const PATIENCE_MS = 2000;

/** The limits of `[[Monitor]]`, and what they would measure in this process now. */
export async function measureLimits(
  { monitor }: ProgramSettings,
  { memory, ageMs }: { readonly memory: Memory | undefined; readonly ageMs: number },
): Promise<readonly Measurement[]> {
  const { rssLimitBytes, activityfile, activityfileLimitMs, watchdogMs, monitorAfterMs } = monitor;
  const all: Measurement[] = [];
  const notYet =
    ageMs < monitorAfterMs
      ? `; not watched for another ${formatDuration(monitorAfterMs - ageMs)} (monitor_after)`
      : "";
  if (rssLimitBytes > 0) all.push(ofMemory(memory, rssLimitBytes, notYet));
  if (activityfile !== undefined) {
    all.push(await ofActivity(activityfile, activityfileLimitMs, ageMs, notYet));
  }
  if (watchdogMs > 0) {
    const text = `it must be heard of every ${formatDuration(watchdogMs)}; when it was heard last, only usrsvcd knows${notYet}`;
    all.push({ key: "watchdog", text, limit: watchdogMs / 1000 });
  }
  return all;
}

const unmeasured = {
  gone: "the process has just ended",
  hidden: "the process hides its memory",
  hangs: "the kernel does not answer about its memory",
} as const;

function ofMemory(memory: Memory | undefined, limit: number, notYet: string): Measurement {
  const key = "rss_limit";
  if (typeof memory !== "number") {
    const why = memory === undefined ? "nothing was measured" : unmeasured[memory];
    return { key, text: `${why}; the limit is ${formatBytes(limit)}${notYet}`, limit };
  }
  const share = Math.round((memory / limit) * 100);
  const text = `private memory is ${formatBytes(memory)} of ${formatBytes(limit)} (${share} %)${notYet}`;
  return { key, text, isOk: memory <= limit, measured: memory, limit };
}

/** As the monitor looks at it. */
async function ofActivity(
  path: string,
  limitMs: number,
  processAgeMs: number,
  notYet: string,
): Promise<Measurement> {
  const key = "activityfile";
  const limit = limitMs / 1000;
  const of = `activityfile_limit ${formatDuration(limitMs)}`;
  const { fileActivity } = await import("../../monitors/activity-file.ts");
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
  const silentMs = Math.min(fileMs, processAgeMs);
  const since =
    fileMs > processAgeMs ? `, and the process is ${formatDuration(processAgeMs)} old` : "";
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

/** The checks of a program: `ready` while it runs, those of `after` while it does not. Each is looked at once, now. */
export async function lookAtChecks(
  settings: ProgramSettings,
  isRunning: boolean,
  { env }: Pick<Host, "env">,
): Promise<readonly Measurement[]> {
  const { ready, after } = settings;
  const conditions = after.flatMap((one) => (one.kind === "program" ? [] : [one]));
  return await Promise.all([
    ...conditions.map((check) => measured("after", check, settings, env)),
    ...(ready === undefined ? [] : [ofReady(ready, settings, isRunning, env)]),
  ]);
}

async function ofReady(
  ready: NonNullable<ProgramSettings["ready"]>,
  settings: ProgramSettings,
  isRunning: boolean,
  env: Host["env"],
): Promise<Measurement> {
  const key = "ready";
  const { text } = ready;
  if (ready.kind === "notify" || ready.kind === "log") {
    return { key, text: `${text}: counts at its start only, and is not looked at now` };
  }
  if (!isRunning) return { key, text: `${text}: not looked at, since it does not run` };
  return await measured(key, ready, settings, env);
}

async function measured(
  key: string,
  check: Check,
  settings: ProgramSettings,
  env: Host["env"],
): Promise<Measurement> {
  const { text } = check;
  // A command may do anything: it is not run because somebody looks.
  if (check.kind === "exec") return { key, text: `${text}: a command, which is not run for this` };
  const [{ runCheck }, { LogCheck }] = await Promise.all([
    import("../../checks/run-check.ts"),
    import("../../checks/log-check.ts"),
  ]);
  const context = {
    env: programEnvironment(settings, env),
    directory: settings.directory,
    log: new LogCheck(settings, { stdout: NO_LOG, stderr: NO_LOG }),
  };
  const result = await runCheck(check, context, new AbortController().signal, PATIENCE_MS);
  return result.ok
    ? { key, text: `${text}: true now`, isOk: true }
    : { key, text: `${text}: not true now (${result.reason})`, isOk: false };
}
