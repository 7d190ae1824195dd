import type { Remark } from "./advice.ts";
import type { Unsure } from "./resolve/table.ts";
import type { ProgramSettings } from "./settings.ts";

const WITHOUT_SCHEDULE = "has no effect without schedule";

/** What is set of a job, and has no effect on one. */
export function adviseJob(settings: Unsure<ProgramSettings>): readonly Remark[] {
  if (settings.type !== "job") return [];
  const { schedule, overlap, catchUp, ready, successMs, maxAgeMs = 0, restartAt } = settings;
  const remarks: Remark[] = [];
  const about = (key: string, text: string): void => void remarks.push({ key, text });
  if (ready !== undefined) about("ready", "has no effect on a job, which is ready once it is done");
  if (successMs !== undefined && successMs !== USUAL_MS)
    about("success_seconds", "has no effect on a job: how it ends says whether it was a success");
  if (maxAgeMs > 0)
    about("max_age", "has no effect on a job; timeout ends one that takes too long");
  if (restartAt !== undefined)
    about("restart_at", "has no effect on a job; schedule says when it runs");
  if (settings.autopid === false)
    about("autopid", "is False, but a job is to stay in the foreground: its end is what counts");
  if (schedule === undefined) {
    if (overlap !== undefined && overlap !== "skip") about("overlap", WITHOUT_SCHEDULE);
    if (catchUp === true) about("catch_up", WITHOUT_SCHEDULE);
  }
  return remarks;
}

/** The default of success_seconds, in ms. */
const USUAL_MS = 2000;
