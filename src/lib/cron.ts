/**
 * Times of a crontab line, crontab(5), with a field of seconds before it where there are six: all numbers that fit, in
 * ascending order; undefined for `*`.
 */
export interface Cron {
  /** As it was written. */
  readonly text: string;
  /** The first of a minute where there are five fields. */
  readonly seconds: readonly number[];
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  /** From 1. */
  readonly days: readonly number[] | undefined;
  /** From 1. */
  readonly months: readonly number[];
  /** From 0, Sunday. */
  readonly weekdays: readonly number[] | undefined;
}

interface Field {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  /** Of the numbers from `from` on. */
  readonly names?: readonly string[];
}

const SECOND: Field = { name: "second", from: 0, to: 59 };
const MINUTE: Field = { name: "minute", from: 0, to: 59 };
const HOUR: Field = { name: "hour", from: 0, to: 23 };
const DAY: Field = { name: "day of the month", from: 1, to: 31 };
const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const MONTH: Field = { name: "month", from: 1, to: 12, names: MONTHS };
const WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
/** 7 is Sunday as well. */
const WEEKDAY: Field = { name: "day of the week", from: 0, to: 7, names: WEEKDAYS };

const SHORT: ReadonlyMap<string, string> = new Map([
  ["@hourly", "0 * * * *"],
  ["@daily", "0 0 * * *"],
  ["@midnight", "0 0 * * *"],
  ["@weekly", "0 0 * * 0"],
  ["@monthly", "0 0 1 * *"],
  ["@yearly", "0 0 1 1 *"],
  ["@annually", "0 0 1 1 *"],
]);

/**
 * Reads five fields, six with the seconds before them, or a short form such as `@daily`. A problem is the end of a
 * sentence that begins with the text.
 */
export function parseCron(text: string): Cron | { readonly problem: string } {
  const written = text.trim().toLowerCase();
  const words = (SHORT.get(written) ?? written).split(/\s+/);
  const second = words.length === 6 ? words.shift() : "0";
  const [minute = "", hour = "", day = "", month = "", weekday = "", ...more] = words;
  if (weekday === "" || more.length > 0) {
    const five = "five fields (minute, hour, day, month, day of the week), as 0 4 * * *";
    return { problem: `is not ${five}, nor six, with the seconds before them` };
  }
  try {
    const weekdays = read(weekday, WEEKDAY).map((number) => number % 7);
    const cron: Cron = {
      text,
      seconds: read(second ?? "", SECOND),
      minutes: read(minute, MINUTE),
      hours: read(hour, HOUR),
      days: isAny(day) ? undefined : read(day, DAY),
      months: read(month, MONTH),
      weekdays: isAny(weekday) ? undefined : ascending(weekdays),
    };
    return nextTime(cron, new Date(2000, 0)) === undefined
      ? { problem: "never comes: there is no such day in that month" }
      : cron;
  } catch (error) {
    if (error instanceof RangeError) return { problem: error.message };
    throw error;
  }
}

function isAny(word: string): boolean {
  return word === "*";
}

/** @throws {RangeError} what is wrong, as the end of a sentence */
function read(word: string, field: Field): readonly number[] {
  const { name, from, to } = field;
  const all: number[] = [];
  for (const part of word.split(",")) {
    const [, range = "", step] = /^([^/]+)(?:\/([1-9]\d?))?$/.exec(part) ?? [];
    const [first = "", last, ...more] = range.split("-");
    const low = first === "*" ? from : numberOf(first, field);
    const high =
      first === "*" || (last === undefined && step !== undefined)
        ? to
        : last === undefined
          ? low
          : numberOf(last, field);
    const isWrong = low === undefined || high === undefined || low > high || more.length > 0;
    if (isWrong || (first === "*" && last !== undefined)) {
      throw new RangeError(`has no ${name} from ${from} to ${to} in ${JSON.stringify(part)}`);
    }
    for (let number = low; number <= high; number += Number(step ?? 1)) all.push(number);
  }
  return ascending(all);
}

function numberOf(word: string, { from, to, names = [] }: Field): number | undefined {
  const index = names.indexOf(word);
  if (index >= 0) return index + from;
  const number = /^\d{1,2}$/.test(word) ? Number(word) : -1;
  return number >= from && number <= to ? number : undefined;
}

function ascending(numbers: readonly number[]): readonly number[] {
  return [...new Set(numbers)].toSorted((a, b) => a - b);
}

const MINUTE_MS = 60_000;
/** The 29th of February comes within so many days, also around 2100. */
const MOST_DAYS = 366 * 9;

/**
 * The first such time after `after`, in the time zone of this process; undefined where there is none. A time that is
 * skipped when clocks are set forward comes an hour later; one that comes twice when they are set back counts once, the
 * first time.
 */
export function nextTime(cron: Cron, after: Date): Date | undefined {
  const [year, month, first] = [after.getFullYear(), after.getMonth(), after.getDate()];
  // Where clocks are set forward, what is skipped before midnight comes after it.
  for (let ahead = -1; ahead < MOST_DAYS; ahead += 1) {
    const day = new Date(year, month, first + ahead, 12);
    if (!isDay(cron, day)) continue;
    let next: Date | undefined;
    for (const hour of cron.hours) {
      for (const minute of cron.minutes) {
        const begin = new Date(day.getFullYear(), day.getMonth(), day.getDate(), hour, minute);
        const at = secondAfter(cron, begin.getTime(), after.getTime());
        if (at !== undefined && (next === undefined || at < next.getTime())) next = new Date(at);
      }
    }
    if (next !== undefined) return next;
  }
  return undefined;
}

/** The first such second of a minute that begins at `begin`; both in ms. No minute has others: clocks are set by minutes. */
function secondAfter({ seconds }: Cron, begin: number, after: number): number | undefined {
  if (begin + MINUTE_MS <= after) return undefined;
  const second = seconds.find((one) => begin + one * 1000 > after);
  return second === undefined ? undefined : begin + second * 1000;
}

/** As in cron(8): where both kinds of days are given, either will do. */
function isDay({ days, months, weekdays }: Cron, day: Date): boolean {
  if (!months.includes(day.getMonth() + 1)) return false;
  const isOfMonth = days?.includes(day.getDate());
  const isOfWeek = weekdays?.includes(day.getDay());
  if (isOfMonth === undefined || isOfWeek === undefined) return isOfMonth ?? isOfWeek ?? true;
  return isOfMonth || isOfWeek;
}
