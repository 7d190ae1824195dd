import { exitSignalNamed, shortSignalNames } from "../../proc/signal.ts";
import { type Cron, parseCron } from "../lib/cron.ts";
import { didYouMean, nearest } from "./nearest.ts";
import { oneOf, secondsOrZero } from "./readers.ts";
import type { Unit } from "./setting.ts";
import { inSeconds } from "./units.ts";
import { type RawValue, readBoolean, readSeconds, type Reading, wrong } from "./values.ts";

/*
 * When a program that has ended is started again.
 */

/** Which ends are answered by a start: all, none, or those that are no success. */
export type Autorestart = boolean | "on-failure";

/** What other managers call it, and what people write instead. */
const MEANT: ReadonlyMap<string, string> = new Map([
  ["unexpected", "on-failure"],
  ["on-abnormal", "on-failure"],
  ["always", "True"],
  ["unless-stopped", "True"],
  ["never", "False"],
]);
const WORDS = ["True", "False", "on-failure"];

/** As in 1.x a boolean; or `on-failure`. */
export function readAutorestart(raw: RawValue): Reading<Autorestart> {
  const word = raw.text.toLowerCase();
  if (word === "on-failure") return { value: "on-failure" };
  const reading = readBoolean(raw);
  if ("value" in reading) return reading;
  const advice = didYouMean(MEANT.get(word) ?? nearest(word, WORDS));
  return wrong(
    raw,
    `is neither true nor false nor on-failure (nor yes, no, on, off, 1 or 0)${advice}`,
  );
}

/** Exit codes, and names of signals as an exit has them. */
export type SuccessExit = readonly (number | string)[];

/** Exit codes and signals, with commas between; each once, as they are written. */
export function readSuccessExit(raw: RawValue): Reading<SuccessExit> {
  const { text, list, isBrokenList } = raw;
  const words = (list ?? text.split(",")).map((word) => word.trim()).filter((word) => word !== "");
  if (isBrokenList) return wrong(raw, "is not a list such as 0, 2, SIGTERM");
  if (words.length === 0) return wrong(raw, "names no exit; write 0, or leave the line out");
  const all = new Set<number | string>();
  for (const word of words) {
    const one = /^\d{1,3}$/.test(word) ? Number(word) : exitSignalNamed(word);
    if (one === undefined || (typeof one === "number" && one > 255)) {
      const near = /^[a-z]/i.test(word)
        ? nearest(
            word,
            shortSignalNames.map((name) => `SIG${name}`),
          )
        : undefined;
      const wanted = `is neither an exit code from 0 to 255 nor a signal such as SIGTERM${didYouMean(near)}`;
      return wrong(raw, wanted, word);
    }
    all.add(one);
  }
  return { value: [...all] };
}

/** In ms; a program that cannot run is started no more often. */
const LEAST_PAUSE_MS = 100;

/** The longest of the growing pauses, in ms; undefined where nothing is written. */
export function readLongestPause(raw: RawValue): Reading<number | undefined> {
  if (raw.text === "") return { value: undefined };
  const reading = readSeconds(raw);
  if ("problem" in reading || reading.value >= LEAST_PAUSE_MS) return reading;
  return wrong(raw, "is too short for a program that cannot run; at least 100ms");
}

/** When what was given up is tried again, in ms; 0: never. */
export const readRetry = secondsOrZero("a program that was given up", "for never");

/** The age that a process reaches at most, in ms; 0: any. */
export const readMaxAge = secondsOrZero("an age", "for any");

/** The times of a crontab line; undefined where nothing is written. */
export function readCron(raw: RawValue): Reading<Cron | undefined> {
  const text = raw.list?.join(",") ?? raw.text;
  if (text === "") return { value: undefined };
  const cron = parseCron(text);
  return "problem" in cron ? wrong(raw, cron.problem, text) : { value: cron };
}

/** How long an operator's stop lasts, unless the program is started by hand. */
export type StopLasts = "boot" | "forever";

/** `boot` or `forever`. */
export const readStopLasts = oneOf<StopLasts>(
  ["boot", "forever"],
  "is neither boot (until the next one) nor forever (until usrsvc start)",
);

/** Which ends are answered by a start. */
export const autorestart: Unit<Autorestart> = {
  name: "",
  parse: readAutorestart,
  print: (value) => value,
};

/** The longest of the growing pauses. */
export const longestPause: Unit<number | undefined> = {
  name: "seconds",
  parse: readLongestPause,
  print: (ms) => (ms === undefined ? null : ms / 1000),
};

/** The age that a process reaches at most. */
export const maxAge: Unit<number> = inSeconds(readMaxAge);

/** Times, as a crontab has them. */
export const cron: Unit<Cron | undefined> = {
  name: "",
  parse: readCron,
  print: (value) => value?.text ?? null,
};

/** How long an operator's stop lasts. */
export const stopLasts: Unit<StopLasts> = {
  name: "",
  parse: readStopLasts,
  print: (value) => value,
};

/** When what was given up is tried again. */
export const retry: Unit<number> = inSeconds(readRetry);

/** Exit codes and signals that are a success. */
export const successExit: Unit<SuccessExit> = {
  name: "",
  parse: readSuccessExit,
  print: (all) => all.join(", "),
};
