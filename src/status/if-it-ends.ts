import type { ProcessRef } from "../../proc/pid.ts";
import type { Autorestart, ProgramSettings } from "../config/settings.ts";
import type { Program } from "../identity/program.ts";
import { formatDuration } from "../lib/format.ts";
import { chanceOf, dueInMs, timeDueAt } from "../lifecycle/restart-times.ts";
import type { ProgramRecord } from "../state/record.ts";
import { describeDue } from "./job-outlook.ts";
import type { StatusContext } from "./status-context.ts";

/** Whether usrsvcd would start a program again, and why. */
export interface IfItEnds {
  /** "unless-good": unless it ends well; "as-read": only usrsvcd knows the settings that say it. */
  readonly answer: "starts" | "stays-down" | "unless-good" | "as-read";
  readonly because: string;
}

type Around = Pick<StatusContext, "daemon" | "looksAfter" | "isForeign" | "holds">;

/**
 * What usrsvcd does when a program that runs ends by itself. It is what its machine (supervisor/machine.ts) does; a test
 * holds both together.
 */
export function ifItEnds(
  { name, enabled, settings }: Pick<Program, "name" | "enabled" | "settings">,
  record: Pick<ProgramRecord, "desired"> | undefined,
  { daemon, looksAfter, isForeign, holds }: Around,
): IfItEnds {
  const not = (because: string): IfItEnds => ({ answer: "stays-down", because });
  if (isForeign === true)
    return not("state_dir is not ours alone, and usrsvcd does not work there");
  if (daemon === "none") return not("usrsvcd is not running");
  if (daemon === "elsewhere") return not("usrsvcd is running with another configuration file");
  if (holds?.has(name) === true) return not("it is held");
  if (settings === undefined) {
    return looksAfter?.has(name) === true
      ? { answer: "as-read", because: "those in the file are faulty" }
      : not("its settings are faulty");
  }
  if (looksAfter?.has(name) === false) {
    return not("usrsvcd does not know it yet: run usrsvcd reread");
  }
  if (!enabled) return not("enabled = False");
  if (record?.desired === "down") return not("an operator has stopped it");
  const { autorestart, type } = settings;
  const setting = `autorestart = ${printAutorestart(autorestart)}`;
  if (type === "job") {
    return autorestart === "on-failure"
      ? { answer: "unless-good", because: `it is a job, and ${setting}` }
      : not("it is a job");
  }
  if (autorestart === false) return not(setting);
  if (autorestart === true) return { answer: "starts", because: setting };
  return { answer: "unless-good", because: setting };
}

/** What usrsvcd does with a program whose section was right when it read it. */
export const GOES_BY_WHAT_IT_READ = "usrsvcd goes by the settings that it has read before";

/** The same in a sentence. */
export function describeIfItEnds(
  { answer, because }: IfItEnds,
  settings: ProgramSettings | undefined,
): string {
  if (answer === "stays-down") return `if it ends, it stays down: ${because}`;
  if (answer === "as-read") return `if it ends, ${GOES_BY_WHAT_IT_READ}: ${because}`;
  const good = settings?.successExit.join(", ") ?? "0";
  const unless = answer === "unless-good" ? `, unless it ends with ${good} (success_exit)` : "";
  const how = settings?.type === "job" ? "it is tried again" : "usrsvcd starts it again at once";
  return `if it ends, ${how}${unless}: ${because}`;
}

/** A value of autorestart as it is written. */
export function printAutorestart(value: Autorestart): string {
  return value === "on-failure" ? value : value ? "True" : "False";
}

/** When usrsvcd ends a program that runs as planned, in sentences; none where nothing is planned. */
export function plannedEnds(
  settings: ProgramSettings,
  process: ProcessRef,
  ageMs: number,
  nowMs: number,
): readonly string[] {
  const { name, enabled, maxAgeMs, restartAt, type, timeoutMs } = settings;
  if (!enabled) return [];
  const chance = chanceOf(name, process);
  const at = (ms: number): string => describeDue(new Date(ms), nowMs, false);
  const all: string[] = [];
  if (maxAgeMs > 0) {
    const due = nowMs + dueInMs(maxAgeMs, ageMs, chance);
    all.push(`it is restarted at ${at(due)}: max_age = ${formatDuration(maxAgeMs)}`);
  }
  const due = restartAt && timeDueAt(restartAt, nowMs, ageMs, chance);
  if (due !== undefined) all.push(`it is restarted at ${at(due)}: restart_at = ${restartAt?.text}`);
  // As usrsvcd has it: the planned restarts come first.
  if (type === "job" && timeoutMs > 0 && maxAgeMs === 0 && restartAt === undefined) {
    const left = Math.max(0, timeoutMs - ageMs);
    all.push(`it is ended in ${formatDuration(left)}: timeout = ${formatDuration(timeoutMs)}`);
  }
  return all;
}
