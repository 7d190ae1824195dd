/** A time of pm2 in ms: a number of them, or one with h, m or s; undefined for what is none. */
export function readMs(value: unknown): number | undefined {
  const [, digits = "", unit = ""] =
    /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(textOf(value).trim()) ?? [];
  if (digits === "") return undefined;
  const factor = { "": 1, ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[unit] ?? 1;
  return Math.round(Number(digits) * factor);
}

/** A size of pm2, bytes without a unit, for rss_limit. */
export function readSize(value: unknown): string | undefined {
  const [, digits = "", unit = ""] = /^(\d+)([KMG])?B?$/i.exec(textOf(value).trim()) ?? [];
  if (digits === "" || Number(digits) === 0) return undefined;
  if (unit !== "") return `${digits}${unit.toUpperCase()}`;
  return `${Math.ceil(Number(digits) / 1024)}K`;
}

/** A value of `env` as a variable; undefined: it is not set. */
export function readVariable(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Any value as a text; empty: it is not set. */
export function textOf(value: unknown): string {
  return readVariable(value) ?? "";
}

/** A schedule of pm2 as a crontab has it: its first field of six is of seconds, as here. */
export function readCron(value: unknown): string | undefined {
  const words = textOf(value).trim().split(/\s+/);
  if (words.length === 6 && words[0] === "0") words.shift();
  return words.length === 5 || words.length === 6
    ? words.map((one) => one.replaceAll(/^\?$/g, "*")).join(" ")
    : undefined;
}
