/** Ends of spans: `90s`, `10m`, `2h`, `1d`; bare numbers are minutes nowhere, so they are refused. */
const SPANS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/**
 * The moment that a person means: a span before now (`10m`), a time of today, or of yesterday where that is still to
 * come (`04:30`, `04:30:15`), a date, or both (ISO 8601). In ms since 1970; undefined for what is none.
 */
export function parseSince(text: string, nowMs: number): number | undefined {
  const [, count = "", unit = ""] = /^(\d+(?:\.\d+)?) ?(s|m|min|h|d)$/.exec(text.trim()) ?? [];
  if (count !== "") return nowMs - Number(count) * (SPANS[unit] ?? 0);
  const clock = /^([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?$/.exec(text.trim());
  if (clock !== null) {
    const at = new Date(nowMs);
    at.setHours(Number(clock[1]), Number(clock[2]), Number(clock[3] ?? 0), 0);
    if (at.getTime() > nowMs) at.setDate(at.getDate() - 1);
    return at.getTime();
  }
  if (!/^\d{4}-\d{2}-\d{2}/.test(text.trim())) return undefined;
  // A date alone is of our time zone, as one with a time is.
  const iso = /^\d{4}-\d{2}-\d{2}$/.test(text.trim()) ? `${text.trim()}T00:00` : text.trim();
  const ms = Date.parse(iso.replace(" ", "T"));
  return Number.isNaN(ms) ? undefined : ms;
}
