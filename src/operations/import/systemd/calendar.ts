/** A crontab line, or why there is none. */
export type CronText = { readonly cron: string } | { readonly problem: string };

const SHORT: Readonly<Record<string, string>> = {
  minutely: "* * * * *",
  hourly: "0 * * * *",
  daily: "0 0 * * *",
  weekly: "0 0 * * 1",
  monthly: "0 0 1 * *",
  quarterly: "0 0 1 1,4,7,10 *",
  semiannually: "0 0 1 1,7 *",
  yearly: "0 0 1 1 *",
  annually: "0 0 1 1 *",
};
const DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/** What OnCalendar= says as a crontab line, systemd.time(7). */
export function cronOf(text: string): CronText {
  const written = text.trim();
  const short = SHORT[written.toLowerCase()];
  if (short !== undefined) return { cron: short };
  const words = written.split(/\s+/);
  const isWeekday = /^[a-z]{3}/i.test(words[0] ?? "") && !/^utc$/i.test(words[0] ?? "");
  const weekday = isWeekday ? words.shift() : undefined;
  const date = words[0]?.includes(":") === true ? undefined : words.shift();
  const time = words.shift() ?? "00:00:00";
  if (words.length > 0)
    return { problem: `it names a time zone; schedule is in that of usrsvcd (TZ)` };
  const days = weekday === undefined ? "*" : weekdays(weekday);
  const [day, month] = dateOf(date ?? "*-*-*") ?? [];
  const fields = time.replace(/\.0+$/, "").split(":").map(field);
  const [hour, minute, second, ...more] = fields;
  const seconds = fields.length < 3 || second === "0" ? [] : [second];
  const all = [...seconds, minute, hour, day, month, days];
  if (more.length > 0 || all.includes(undefined)) return { problem: "a crontab cannot say it" };
  if (day !== "*" && days !== "*") {
    // There both have to fit, in a crontab one of them.
    return {
      problem:
        "a crontab cannot say it: day of the month and day of the week would be alternatives",
    };
  }
  return { cron: all.join(" ") };
}

function weekdays(text: string): string | undefined {
  const parts = text.split(",").filter((one) => one !== "");
  const all = parts.map((part) => {
    const [from, to, ...more] = part.split(/\.\.|-/).map((one) => one.slice(0, 3).toLowerCase());
    if (from === undefined || !DAYS.includes(from) || more.length > 0) return undefined;
    if (to === undefined) return from;
    // A week begins with Monday there: sat..sun is 6-7.
    const [low, high] = [DAYS.indexOf(from), DAYS.indexOf(to)];
    if (high < 0) return undefined;
    return high === 0 ? `${low}-7` : low < high ? `${low}-${high}` : undefined;
  });
  return all.includes(undefined) ? undefined : all.join(",");
}

/** Day and month of `*-*-01`, `2030-*-*` is none. */
function dateOf(text: string): readonly [string | undefined, string | undefined] | undefined {
  const parts = text.split("-");
  if (parts.length === 2) parts.unshift("*");
  const [year, month, day] = parts;
  if (parts.length !== 3 || year !== "*") return undefined;
  return [field(day ?? ""), field(month ?? "")];
}

/** Numbers, lists, ranges and steps, for a crontab; undefined where it has no such thing. */
function field(text: string): string | undefined {
  const parts = text.split(",").map((part) => {
    const [, from = "", to, step] =
      /^(\*|\d{1,2})(?:\.\.(\d{1,2}))?(?:\/(\d{1,2}))?$/.exec(part) ?? [];
    if (from === "") return undefined;
    const plain = (one: string): string => (one === "*" ? one : String(Number(one)));
    const range = to === undefined ? plain(from) : `${plain(from)}-${plain(to)}`;
    if (step === undefined || Number(step) === 0) return range;
    return range === "0" ? `*/${Number(step)}` : `${range}/${Number(step)}`;
  });
  return parts.includes(undefined) ? undefined : parts.join(",");
}

/** A crontab line for what is to run so often, in ms; undefined where the clock cannot be divided so. */
export function everyMs(ms: number): string | undefined {
  const seconds = ms / 1000;
  if (Number.isInteger(seconds) && seconds > 0 && seconds < 60 && 60 % seconds === 0) {
    return `${seconds === 1 ? "*" : `*/${seconds}`} * * * * *`;
  }
  const minutes = ms / 60_000;
  if (Number.isInteger(minutes) && minutes > 0 && 60 % minutes === 0) {
    return minutes === 60 ? "0 * * * *" : minutes === 1 ? "* * * * *" : `*/${minutes} * * * *`;
  }
  const hours = minutes / 60;
  if (Number.isInteger(hours) && hours > 0 && 24 % hours === 0) {
    return hours === 24 ? "0 0 * * *" : `0 */${hours} * * *`;
  }
  return hours === 168 ? "0 0 * * 1" : undefined;
}
