import { oneOf, secondsOrZero } from "./readers.ts";
import type { Unit } from "./setting.ts";
import { inSeconds } from "./units.ts";

/*
 * What is said of a program that is to end: a job.
 */

/** Whether a program is to run on, or to end by itself. */
export type ProgramType = "service" | "job";

/** What systemd calls it, and what people write instead. */
const MEANT: ReadonlyMap<string, string> = new Map([
  ["oneshot", "job"],
  ["cron", "job"],
  ["task", "job"],
  ["simple", "service"],
  ["exec", "service"],
  ["notify", "service, with ready = notify"],
  ["daemon", "service"],
]);

/** `service` or `job`. */
export const readProgramType = oneOf<ProgramType>(
  ["service", "job"],
  "is neither service (runs on) nor job (ends by itself)",
  MEANT,
);

/** What becomes of a job that is due while it still runs. */
export type Overlap = "skip" | "queue" | "kill";

/** `skip`, `queue` or `kill`. */
export const readOverlap = oneOf<Overlap>(
  ["skip", "queue", "kill"],
  "is neither skip nor queue nor kill",
);

/** How long a job may take, in ms; 0: as long as it likes. */
export const readTimeout = secondsOrZero("a job", "for as long as it takes");

/** Whether a program is to run on, or to end. */
export const programType: Unit<ProgramType> = {
  name: "",
  parse: readProgramType,
  print: (value) => value,
};

/** What becomes of a job that is due while it runs. */
export const overlap: Unit<Overlap> = {
  name: "",
  parse: readOverlap,
  print: (value) => value,
};

/** How long a job may take. */
export const jobTimeout: Unit<number> = inSeconds(readTimeout);
