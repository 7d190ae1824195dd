import { nearest } from "./nearest.ts";
import { type RawValue, readSeconds, type Reading, wrong } from "./values.ts";

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
export function readProgramType(raw: RawValue): Reading<ProgramType> {
  const word = raw.text.toLowerCase();
  if (word === "service" || word === "job") return { value: word };
  const meant = MEANT.get(word) ?? nearest(word, ["service", "job"]);
  const advice = meant === undefined ? "" : `; did you mean ${meant}?`;
  return wrong(raw, `is neither service (runs on) nor job (ends by itself)${advice}`);
}

/** What becomes of a job that is due while it still runs. */
export type Overlap = "skip" | "queue" | "kill";

const OVERLAPS: readonly Overlap[] = ["skip", "queue", "kill"];

/** `skip`, `queue` or `kill`. */
export function readOverlap(raw: RawValue): Reading<Overlap> {
  const word = raw.text.toLowerCase();
  const value = OVERLAPS.find((one) => one === word);
  if (value !== undefined) return { value };
  const near = nearest(word, OVERLAPS);
  const advice = near === undefined ? "" : `; did you mean ${near}?`;
  return wrong(raw, `is neither skip nor queue nor kill${advice}`);
}

/** How long a job may take, in ms; 0: as long as it likes. */
export function readTimeout(raw: RawValue): Reading<number> {
  const reading = readSeconds(raw);
  if ("problem" in reading || reading.value === 0 || reading.value >= LEAST_TIMEOUT_MS)
    return reading;
  return wrong(raw, "is too short for a job; at least 1s, or 0 for as long as it takes");
}

const LEAST_TIMEOUT_MS = 1000;
