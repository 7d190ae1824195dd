import { type Printed, showPrinted } from "../config/setting.ts";

/** Longer values are shortened, in characters. */
const LONG = 40;
/** So much is left before and after what differs where no word begins or ends there, in characters. */
const AROUND = 12;
/** A word that begins or ends within this distance is left whole, in characters. */
const WORD = 24;

/** A value as a file has it, with its unit. */
export function shownValue(value: Printed, unit: string): string {
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.join(", ");
  if (value === "") return '""';
  const text = showPrinted(value);
  return typeof value === "number" && unit !== "" ? `${text} ${unit}` : text;
}

/** `8 -> 30 seconds`; long values are shortened to what differs in them. */
export function describeBoth(old: Printed, now: Printed, unit: string): string {
  const ofBoth = typeof now === "number" ? "" : unit;
  return shortenBoth(shownValue(old, ofBoth), shownValue(now, unit)).join(" -> ");
}

/** Two values, long ones shortened to what differs in them. */
export function shortenBoth(old: string, now: string): readonly [old: string, now: string] {
  if (old.length <= LONG && now.length <= LONG) return [old, now];
  const [a, b] = [Array.from(old), Array.from(now)];
  const least = Math.min(a.length, b.length);
  let same = 0;
  while (same < least && a[same] === b[same]) same += 1;
  let end = 0;
  while (end < least - same && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1;
  const before = Math.max(0, same - around(a.slice(0, same).toReversed()));
  const after = Math.max(0, end - around(a.slice(a.length - end)));
  return [cut(a, before, after), cut(b, before, after)];
}

/** How many characters of what is the same are left: to the end of the word, or a few. */
function around(same: readonly string[]): number {
  const word = same.findIndex((char, at) => at > 0 && /[\s/,]/.test(char));
  if (word >= 0 && word <= WORD) return word;
  return same.length <= WORD ? same.length : AROUND;
}

function cut(all: readonly string[], before: number, after: number): string {
  const end = Math.min(all.length - after, before + 2 * LONG);
  return `${before > 0 ? "…" : ""}${all.slice(before, end).join("")}${end < all.length ? "…" : ""}`;
}
