/** A duration as people say it: `40 ms`, `5 s`, `3 min 20 s`, `2 h 5 min`, `12 d 4 h`. */
export function formatDuration(ms: number): string {
  if (ms < 950) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 9.95) return `${trim(seconds)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return join(Math.floor(whole / 60), "min", whole % 60, "s");
  if (whole < 86_400)
    return join(Math.floor(whole / 3600), "h", Math.floor((whole % 3600) / 60), "min");
  return join(Math.floor(whole / 86_400), "d", Math.floor((whole % 86_400) / 3600), "h");
}

/** The same in at most six characters, for a table that must be narrow: `0s`, `3m20s`, `2h5m`, `12d4h`, `365d`. */
export function formatDurationShort(ms: number): string {
  const whole = Math.round(ms / 1000);
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return joinShort(Math.floor(whole / 60), "m", whole % 60, "s");
  if (whole < 86_400) {
    return joinShort(Math.floor(whole / 3600), "h", Math.floor((whole % 3600) / 60), "m");
  }
  const days = Math.floor(whole / 86_400);
  return joinShort(days, "d", days < 100 ? Math.floor((whole % 86_400) / 3600) : 0, "h");
}

function joinShort(big: number, bigUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${big}${bigUnit}` : `${big}${bigUnit}${small}${smallUnit}`;
}

function trim(seconds: number): string {
  return seconds.toFixed(1).replace(/\.0$/, "");
}

function join(big: number, bigUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${big} ${bigUnit}` : `${big} ${bigUnit} ${small} ${smallUnit}`;
}

/** The last instant that a Date has (ECMA-262, 21.4.1.1). */
const LAST_INSTANT_MS = 8.64e15;

/** An ISO time; what is later than any (a delay of 2^53 - 1 ms, which says never) is the last one. */
export function isoTime(ms: number): string {
  return new Date(Math.min(ms, LAST_INSTANT_MS)).toISOString();
}

/** `2030-01-31 18:00`, by the clock of the machine. */
export function localMinute(at: Date): string {
  const two = (number: number): string => String(number).padStart(2, "0");
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** `2030-01-31 18:00:07`, by the clock of the machine; a text that is no time stays as it is. */
export function localSecond(iso: string): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return iso;
  return `${localMinute(at)}:${String(at.getSeconds()).padStart(2, "0")}`;
}

/** Number of names that are listed where there may be hundreds; JSON has all. */
const MOST_NAMES = 10;

/** `web, db, api`; of more than ten, how many more there are. */
export function listNames(names: readonly string[]): string {
  const rest = names.length - MOST_NAMES;
  return rest <= 0 ? names.join(", ") : `${names.slice(0, MOST_NAMES).join(", ")} and ${rest} more`;
}

/** `512 kB`, `34.2 MB`, `1.5 GB`; of 1024. */
export function formatBytes(bytes: number): string {
  const kb = bytes / 1024;
  if (kb < 1000) return `${Math.round(kb)} kB`;
  const mb = kb / 1024;
  return mb < 1000 ? `${mb.toFixed(1)} MB` : `${(mb / 1024).toFixed(1)} GB`;
}

/** A share of one processor: `0.3%`, `12%`, `380%`. */
export function formatPercent(percent: number): string {
  return `${percent < 9.95 ? percent.toFixed(1) : Math.round(percent)}%`;
}

/** As much of a long text as fits in a message. */
export function shorten(text: string, most = 120): string {
  return text.length > most ? `${text.slice(0, most)}…` : text;
}

/** `1 left-over process`, `2 left-over processes`. */
export function countLeftOvers(count: number): string {
  return count === 1 ? "1 left-over process" : `${count} left-over processes`;
}

/** A word for a shell, in quotes if it needs them. */
export function shellWord(text: string): string {
  return /^[\w/.:@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** `start`, `start and stop`, `start, stop and restart`. */
export function enumerate(words: readonly string[]): string {
  const last = words.at(-1) ?? "";
  return words.length < 2 ? last : `${words.slice(0, -1).join(", ")} and ${last}`;
}
