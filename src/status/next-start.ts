import type { ProgramSettings } from "../config/settings.ts";
import type { Program } from "../identity/program.ts";
import { hasEndedInThisBoot, hasEndedWell } from "../state/ended-well.ts";
import type { RecordFile } from "../state/record-file.ts";
import { GOES_BY_WHAT_IT_READ, printAutorestart } from "./if-it-ends.ts";
import { isDone, nextOfJob } from "./job-outlook.ts";
import { STARTS_IT } from "./starts-it.ts";
import type { StatusContext } from "./status-context.ts";

/** What of a program decides about its outlook. */
export type Down = Pick<Program, "name" | "enabled" | "settings">;

/** Who is there to do something about it. */
export type Around = Pick<
  StatusContext,
  "daemon" | "looksAfter" | "isForeign" | "isNeeded" | "holds"
> & {
  /** A hold is over just now: usrsvcd begins with it anew. */
  readonly isReleased?: boolean;
};

/** Told why that comes next, where it does not say so itself. */
export type TellWhy = (because: string) => void;

/** Of a program that is down, and was not asked to be: whether usrsvcd starts it, or what keeps it from that. */
export function nextOfStopped(
  program: Down,
  { record, isOfEarlierBoot }: Pick<RecordFile, "record" | "isOfEarlierBoot">,
  around: Around,
  nowMs: number,
  tell: TellWhy | undefined,
): string {
  if (program.settings === undefined) {
    return around.looksAfter?.has(program.name) === true
      ? `${GOES_BY_WHAT_IT_READ}: those in the file are faulty`
      : "nothing: its settings are faulty";
  }
  const { autorestart } = program.settings;
  const isNeeded = around.isNeeded?.(program.name) === true;
  const autostart = program.settings.autostart || isNeeded;
  const hasRun = record?.process !== undefined || hasEndedInThisBoot(record);
  const ran = hasRun && isOfEarlierBoot !== true;
  if (program.settings.type === "job") {
    const isGood = ran && isDone(record, program.settings);
    const next = nextOfJob(program.settings, { record, autostart, ran, isGood }, nowMs);
    if (!isKnown(program, around) && !next.startsWith("nothing")) return UNKNOWN_YET;
    if (ran && next === STARTS_IT) tell?.(`its last run has failed, and ${printed(autorestart)}`);
    else if (next === STARTS_IT) tell?.(whyBegun(program.settings, isNeeded));
    return next;
  }
  const isResumed = record?.desired === "up" && isOfEarlierBoot !== true && autorestart !== false;
  if (ran && autorestart === false) return "nothing: autorestart = False";
  if (ran && autorestart === "on-failure" && hasEndedWell(record, program.settings)) {
    return "nothing: autorestart = on-failure";
  }
  if (!ran && !isResumed && !autostart) return "nothing: autostart = False";
  if (!isKnown(program, around)) return UNKNOWN_YET;
  if (ran) tell?.(`it ran since the machine was booted, and ${printed(autorestart)}`);
  else if (autostart) tell?.(whyBegun(program.settings, isNeeded));
  else tell?.(`it was started by usrsvc, and ${printed(autorestart)}`);
  return STARTS_IT;
}

function printed(autorestart: ProgramSettings["autorestart"]): string {
  return `autorestart = ${printAutorestart(autorestart)}`;
}

/** A program that is started because usrsvcd is there. */
function whyBegun({ autostart }: ProgramSettings, isNeeded: boolean): string {
  if (autostart) return "autostart = True";
  return isNeeded ? "a program with autostart = True needs it" : "it was to run before";
}

const UNKNOWN_YET = "usrsvcd does not know it yet: run usrsvcd reread";

/** False where usrsvcd tells what it looks after, and has not read of the program. */
export function isKnown({ name }: Down, { looksAfter }: Around): boolean {
  return looksAfter?.has(name) ?? true;
}
