/** Parts of a span, in ms. */
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
  const all = [...text.trim().matchAll(/(\d{1,9}(?:\.\d+)?) ?(s|min|m|h|d|w) ?/gy)];
  if (
    all
      .map(([part]) => part)
      .join("")
      .trim() !== text.trim()
  )
    return undefined;
  const ms = all.reduce((sum, [, count, part = ""]) => sum + Number(count) * (PARTS[part] ?? 0), 0);
  return ms > 0 ? ms : undefined;
}

/**
 * The moment to come that a person means: the next `18:30` (or `18:30:00`), a date, or both (ISO 8601). In ms since
 * 1970; undefined for what is none, or has passed.
 */
export function parseUntil(text: string, nowMs: number): number | undefined {
  const word = text.trim();
  const clock = /^([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?$/.exec(word);
  if (clock !== null) {
    const at = new Date(nowMs);
    at.setHours(Number(clock[1]), Number(clock[2]), Number(clock[3] ?? 0), 0);
    if (at.getTime() <= nowMs) at.setDate(at.getDate() + 1);
    return at.getTime();
  }
  if (!/^\d{4}-\d{2}-\d{2}/.test(word)) return undefined;
  // A date alone is of our time zone, as one with a time is.
  const iso = /^\d{4}-\d{2}-\d{2}$/.test(word) ? `${word}T00:00` : word;
  const ms = Date.parse(iso.replace(" ", "T"));
  return Number.isNaN(ms) || ms <= nowMs ? undefined : ms;
}
