import type { ProcessRef } from "../../proc/pid.ts";
import type { ProcReader } from "../../proc/reader.ts";
import { ageMs } from "../../proc/uptime.ts";
import type { MonitorKey, MonitorSettings } from "../config/settings.ts";
import { monotonicMs } from "../lib/clock.ts";
import { ActivityMonitor } from "./activity.ts";
import { fileActivity } from "./activity-file.ts";
import { measureActivity } from "./measure-activity.ts";
import type { Measured, Measurement } from "./measurement.ts";
import { measureMemory, MemoryMonitor } from "./memory.ts";
import { describeWatchdog, WatchdogMonitor, type WatchdogOptions } from "./watchdog.ts";
import type { OnViolation } from "./violation.ts";

/** One process that is to be watched. */
export interface Watched {
  readonly process: ProcessRef;
  readonly settings: MonitorSettings;
  readonly onViolation: OnViolation;
  /** Called once if it can only be watched badly. */
  readonly onDegraded: (reason: string) => void;
  /** Calls back with each sign of life of the program, until what is returned is called. */
  readonly signs: WatchdogOptions["listen"];
}

/** Watches one limit, of any number of programs. */
export interface Monitor {
  /** True when there is something to watch. */
  readonly isOn: (settings: MonitorSettings) => boolean;
  /** Watches until the returned function is called, or a violation was reported. */
  readonly watch: (watched: Watched) => () => void;
  /** What it would measure now, for who asks. */
  readonly measure: (
    settings: MonitorSettings,
    measured: Measured,
  ) => Measurement | Promise<Measurement>;
}

/** All monitors. */
export function makeMonitors(proc: ProcReader): readonly Monitor[] {
  const memory = new MemoryMonitor(proc);
  const byKey: Readonly<Record<MonitorKey, Monitor>> = {
    rss_limit: {
      isOn: ({ rssLimitBytes }) => rssLimitBytes > 0,
      watch: ({ process, settings: { rssLimitBytes, monitorAfterMs }, onViolation }) =>
        memory.watch(process, rssLimitBytes, monitorAfterMs, onViolation),
      measure: ({ rssLimitBytes }, measured) => measureMemory(rssLimitBytes, measured),
    },
    activityfile: {
      isOn: ({ activityfile }) => activityfile !== undefined,
      watch: (watched) => watchActivity(watched, ageMs(watched.process.startTime, proc.uptime())),
      measure: ({ activityfile = "", activityfileLimitMs }, measured) =>
        measureActivity(activityfile, activityfileLimitMs, measured),
    },
    watchdog: {
      isOn: ({ watchdogMs }) => watchdogMs > 0,
      watch: ({ process, settings, signs, onViolation }) => {
        const age = ageMs(process.startTime, proc.uptime());
        const monitor = new WatchdogMonitor({
          limitMs: settings.watchdogMs,
          notBefore: monotonicMs() + Math.max(0, settings.monitorAfterMs - age),
          listen: signs,
          onViolation,
        });
        return () => monitor[Symbol.dispose]();
      },
      measure: ({ watchdogMs }, measured) => describeWatchdog(watchdogMs, measured),
    },
  };
  return Object.values(byKey);
}

function watchActivity({ settings, onViolation, onDegraded }: Watched, age: number): () => void {
  const { activityfile, activityfileLimitMs, monitorAfterMs } = settings;
  if (activityfile === undefined) throw new TypeError("no activityfile to watch");
  const monitor = new ActivityMonitor({
    path: activityfile,
    limitMs: activityfileLimitMs,
    notBefore: monotonicMs() + Math.max(0, monitorAfterMs - age),
    startedAt: monotonicMs() - age,
    onViolation,
    onDegraded,
    ports: fileActivity,
  });
  return () => monitor[Symbol.dispose]();
}
