/** Parts of a span, in ms. A bare number is none: is it of seconds, or of minutes? */
const PARTS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** A span as people write it, in ms: `90s`, `30m`, `2h`, `1h30m`, `1d 12h`; undefined for what is none, or no time at all. */
export function parseSpan(text: string): number | undefined {
  const ms = spanOf(text);
  return ms === 0 ? undefined : ms;
}

/**
 * The moment that a person means, looking back: a span before now (`10m`, `1h30m`), a time of today, or of yesterday where
 * that is still to come (`04:30`, `04:30:15`), a date, or both (ISO 8601). In ms since 1970; undefined for what is none.
 */
export function parseSince(text: string, nowMs: number): number | undefined {
  const span = spanOf(text);
  if (span !== undefined) return nowMs - span;
  const clock = clockOf(text, nowMs);
  if (clock === undefined) return dateOf(text);
  if (clock.getTime() > nowMs) clock.setDate(clock.getDate() - 1);
  return clock.getTime();
}

/**
 * The moment to come that a person means: the next `18:30` (or `18:30:00`), a date, or both (ISO 8601). In ms since
 * 1970; undefined for what is none, or has passed.
 */
export function parseUntil(text: string, nowMs: number): number | undefined {
  const clock = clockOf(text, nowMs);
  if (clock !== undefined) {
    if (clock.getTime() <= nowMs) clock.setDate(clock.getDate() + 1);
    return clock.getTime();
  }
  const ms = dateOf(text);
  return ms !== undefined && ms > nowMs ? ms : undefined;
}

/** In ms. */
function spanOf(text: string): number | undefined {
  const parts = [...text.trim().matchAll(/(\d{1,9}(?:\.\d+)?) ?(s|min|m|h|d|w) ?/gy)];
  const read = parts.map(([part]) => part).join("");
  if (parts.length === 0 || read.trim() !== text.trim()) return undefined;
  return parts.reduce((sum, [, count, part = ""]) => sum + Number(count) * (PARTS[part] ?? 0), 0);
}

/** A time of the day of `nowMs`. */
function clockOf(text: string, nowMs: number): Date | undefined {
  const clock = /^([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?$/.exec(text.trim());
  if (clock === null) return undefined;
  const at = new Date(nowMs);
  at.setHours(Number(clock[1]), Number(clock[2]), Number(clock[3] ?? 0), 0);
  return at;
}

/** A date, with a time or without, in ms since 1970. */
function dateOf(text: string): number | undefined {
  const word = text.trim();
  if (!/^\d{4}-\d{2}-\d{2}/.test(word)) return undefined;
  // A date alone is of our time zone, as one with a time is.
  const iso = /^\d{4}-\d{2}-\d{2}$/.test(word) ? `${word}T00:00` : word;
  const ms = Date.parse(iso.replace(" ", "T"));
  return Number.isNaN(ms) ? undefined : ms;
}
