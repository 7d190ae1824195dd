import type { ProgramSettings } from "../config/settings.ts";
import type { EventOfOne } from "../events/event.ts";
import type { JobEnd } from "../lifecycle/job-end.ts";

/** A job has ended by itself: as it is told. */
export function jobFinished(end: JobEnd, settings: Planned): EventOfOne {
  const next = nextRun(settings);
  return { kind: "program.job-finished", ...end, by: undefined, reason: undefined, next };
}

type Planned = Pick<ProgramSettings, "name" | "schedule" | "autorestart">;

/** When a job runs again that has failed, for who is mailed. */
export function nextRun({ name, schedule, autorestart }: Planned): string {
  if (autorestart === "on-failure")
    return "usrsvcd tries again, as autorestart and maxrestarts say";
  return schedule === undefined
    ? `nothing, until you run usrsvc start ${name}`
    : `usrsvcd starts it when it is due again (schedule = ${schedule.text})`;
}
