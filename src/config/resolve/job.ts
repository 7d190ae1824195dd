import type { IssueList } from "../issue-list.ts";
import type { Place } from "../issue.ts";
import type { ProgramSettings } from "../settings.ts";
import type { Unsure } from "./table.ts";

/** Keys that mean nothing to a program that runs on. */
const OF_JOBS = ["schedule", "timeout", "overlap", "catch_up"];

/** Reports what is set of a job, and is none. `isSet`: of the keys of a program. */
export function checkJob(
  { type }: Unsure<ProgramSettings>,
  isSet: (key: string) => boolean,
  whereIs: (key: string) => Place,
  issues: IssueList,
): void {
  if (type !== "service") return;
  for (const key of OF_JOBS) {
    if (isSet(key)) issues.error(whereIs(key), `${key}: is for jobs; write type = job as well`);
  }
}

/**
 * What the settings of a job come to, whatever else is written: with a schedule it is started when it is due and at no other
 * time; an end is answered by a start with on-failure only; and what is about a program that runs on is void.
 */
export function asJob(settings: ProgramSettings): ProgramSettings {
  if (settings.type !== "job") return settings;
  const { schedule, autostart, autorestart, successMs, timeoutMs } = settings;
  return {
    ...settings,
    autostart: autostart && schedule === undefined,
    autorestart: autorestart === "on-failure" ? autorestart : false,
    successMs: timeoutMs === 0 ? successMs : Math.min(successMs, timeoutMs),
    ready: undefined,
    maxAgeMs: 0,
    restartAt: undefined,
  };
}
