import { stripVTControlCharacters } from "node:util";

/** A way in which programs write the time of a line; `read` has what the groups hold. */
interface Format {
  readonly regex: RegExp;
  readonly read: (groups: readonly (string | undefined)[], latestMs: () => number) => number;
}

/** So much of a line is looked at: a time further on is what it tells of. */
const HEAD = 120;
/** The same for JSON, whose keys have any order. */
const JSON_HEAD = 4096;

const ZONE = String.raw`(?: ?(Z|UTC|GMT|[+-]\d\d(?::?\d\d)?))?`;
const CLOCK = String.raw`(\d\d?):(\d\d):(\d\d)(?:[.,](\d{1,9}))?`;
const MONTH = "(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)";
const MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec";
/** Seconds since 1970 of the years 2001 to 2096; in ms, it has three digits more, and so on. */
const EPOCH = String.raw`([1-3]\d{9}(?:\.\d+)?|[1-3]\d{12}(?:\.\d+)?|[1-3]\d{15}|[1-3]\d{18})`;
const KEYS = "@?timestamp|time|ts|datetime|date|asctime|t|eventTime|@t|written_at";

const number = (text: string | undefined): number => Number(text ?? 0);
const monthOf = (name = ""): number => MONTHS.indexOf(name) / 3;

/** ISO 8601, Python's logging, nginx's and Go's (with slashes), PostgreSQL's. */
const dated: Format = {
  regex: new RegExp(String.raw`(?<![\d/.-])(\d{4})[-/](\d\d)[-/](\d\d)[T _]${CLOCK}${ZONE}`),
  read: ([, year, month, day, ...clock]) =>
    moment([number(year), number(month) - 1, number(day)], clock),
};

/** `28/Nov/2026:08:35:36 +0000` of access logs, `28-Nov-2026 08:35:36` of PHP, `28 Nov 2026 08:35:36.123` of redis. */
const dayFirst: Format = {
  regex: new RegExp(String.raw`\b(\d\d?)[/ -]${MONTH}[/ -](\d{4})[: T]${CLOCK}${ZONE}`),
  read: ([, day, month, year, ...clock]) =>
    moment([number(year), monthOf(month), number(day)], clock),
};

/** `Sat Nov 28 08:35:36.123 2026`, as ctime(3) and Apache have it. */
const ctime: Format = {
  regex: new RegExp(String.raw`\b${MONTH} +(\d\d?) ${CLOCK} (\d{4})\b`),
  read: ([, month, day, hour, minute, second, part, year]) =>
    moment([number(year), monthOf(month), number(day)], [hour, minute, second, part]),
};

/** `11/28/2026, 8:35:36 AM` and `Nov 28, 2026 8:35:36 AM`, as NestJS and java.util.logging have it. */
const american: Format = {
  regex: new RegExp(
    String.raw`\b(?:(\d\d?)/|${MONTH} )(\d\d?)[/,] ?(\d{4}),? ${CLOCK}[ \u202f]([AP])M\b`,
  ),
  read: ([, month, name, day, year, hour, minute, second, part, half]) =>
    moment(
      [number(year), name === undefined ? number(month) - 1 : monthOf(name), number(day)],
      [String((number(hour) % 12) + (half === "P" ? 12 : 0)), minute, second, part],
    ),
};

/** `Nov 28 08:35:36`, as syslog has it: of the last year, where it were to come. */
const yearless: Format = {
  regex: new RegExp(String.raw`^(?:<\d{1,3}>)?${MONTH} +(\d\d?) ${CLOCK}`),
  read: ([, month, day, ...clock], latestMs) =>
    lately((year) => moment([year, monthOf(month), number(day)], clock), latestMs()),
};

/** `I1128 08:35:36.123456`, as glog and klog have it. */
const glog: Format = {
  regex: new RegExp(String.raw`^[IWEFD](\d\d)(\d\d) ${CLOCK}`),
  read: ([, month, day, ...clock], latestMs) =>
    lately((year) => moment([year, number(month) - 1, number(day)], clock), latestMs()),
};

/** A line of JSON, or a part in the manner of logfmt: pino, zap, bunyan, winston, logrus … */
const keyed: Format = {
  regex: new RegExp(
    String.raw`["{,\s](?:${KEYS})"?\s*[:=]\s*(?:\{"\$date":\s*)?"?(?:${EPOCH}(?![\d.])|(\d{4}-\d\d-\d\d[T ][^"\s,}]+))`,
  ),
  read: ([, epoch, text = ""]) => (epoch === undefined ? isoMs(text) : epochMs(epoch)),
};

/** `1795854936.123 …`, as squid has it; in brackets, too. */
const bare: Format = {
  regex: new RegExp(String.raw`^\[?${EPOCH}(?=[\] ])`),
  read: ([, epoch = ""]) => epochMs(epoch),
};

/** `@4000000069291e1812345678 …`: TAI64N, of multilog and svlogd. */
const tai: Format = {
  regex: /^@4([0-9a-f]{15})([0-9a-f]{8})\b/,
  read: ([, seconds = "", part = ""]) =>
    (Number.parseInt(seconds, 16) - 10) * 1000 + Number.parseInt(part, 16) / 1e6,
};

const formats: readonly Format[] = [dated, dayFirst, ctime, american, yearless, glog, bare, tai];

/**
 * Reads the times with which the lines of a log begin, as most programs write them. One per file: what has fitted
 * one line is tried first with the next.
 */
export class LineTimes {
  #likely: Format | undefined;
  readonly #latestMs: () => number;

  /** `latestMs`: no line is younger, which tells the year where none is written; in ms since 1970. */
  constructor(latestMs: () => number = () => Date.now()) {
    this.#latestMs = latestMs;
  }

  /** In ms since 1970; undefined: it has none, as the lines of a stack trace. A time without a zone is of ours. */
  read(line: string): number | undefined {
    if (line === "" || /^(\t| {2})/.test(line)) return undefined;
    const text = line.includes("\u001b") ? stripVTControlCharacters(line) : line;
    const isJson = text.startsWith("{");
    const head = text.slice(0, isJson ? JSON_HEAD : HEAD);
    const first = isJson ? keyed : this.#likely;
    const found = first === undefined ? undefined : this.#try(first, head);
    if (found !== undefined) return found;
    for (const format of isJson ? formats : [...formats, keyed]) {
      const ms = this.#try(format, head);
      if (ms === undefined) continue;
      if (!isJson) this.#likely = format;
      return ms;
    }
    return undefined;
  }

  #try({ regex, read }: Format, head: string): number | undefined {
    const groups = regex.exec(head);
    const ms = groups === null ? Number.NaN : read(groups, this.#latestMs);
    return Number.isNaN(ms) ? undefined : ms;
  }
}

/** Hour, minute, second, fraction, and a zone where there is one. */
function moment(
  [year, month, day]: readonly [number, number, number],
  [hour, minute, second, part = "", zone]: readonly (string | undefined)[],
): number {
  const ms = Math.floor(Number(`0.${part === "" ? "0" : part}`) * 1000);
  const parts = [year, month, day, number(hour), number(minute), number(second), ms] as const;
  if (month < 0 || month > 11 || day < 1 || day > 31 || parts[3] > 24) return Number.NaN;
  if (zone === undefined) return new Date(...parts).getTime();
  return Date.UTC(...parts) - offsetMs(zone);
}

function offsetMs(zone: string): number {
  const [, sign, hours, minutes] = /^([+-])(\d\d):?(\d\d)?$/.exec(zone) ?? [];
  const ms = (number(hours) * 60 + number(minutes)) * 60_000;
  return sign === "-" ? -ms : ms;
}

/** Clocks differ: what is only a day ahead is of this year. */
const DAY_MS = 86_400_000;

function lately(at: (year: number) => number, latestMs: number): number {
  const year = new Date(latestMs).getFullYear();
  // Around the New Year, and for those whose clock is ahead.
  const ways = [year + 1, year, year - 1].map(at);
  return ways.find((ms) => ms <= latestMs + DAY_MS) ?? Number.NaN;
}

function isoMs(text: string): number {
  const groups = dated.regex.exec(text);
  return groups === null ? Date.parse(text) : dated.read(groups, () => 0);
}

/** Seconds, ms, µs or ns, told apart by the number of digits. */
function epochMs(text: string): number {
  const whole = text.split(".", 1)[0]?.length ?? 0;
  return Math.floor(Number(text) / 10 ** (whole - 13) + 1e-3);
}
