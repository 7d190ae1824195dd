import { summarize } from "./stats.ts";

/** Below this power of the size, time counts as linear: noise moves it by a tenth. */
const LINEAR = 1.15;

/** How much a series rose: the median of its last third, less that of its first, which may warm up. */
export function rise(values: readonly number[]): number {
  const third = Math.max(1, Math.floor((values.length - 1) / 3));
  const first = summarize(values.slice(1, 1 + third)).median;
  return summarize(values.slice(-third)).median - first;
}

/** With which power of the size the time grows: 1 is linear. */
export function power(
  small: { readonly size: number; readonly ms: number },
  large: { readonly size: number; readonly ms: number },
): number {
  return Math.log(large.ms / small.ms) / Math.log(large.size / small.size);
}

/** In words. */
export function describePower(value: number): string {
  const word = value > LINEAR ? "MORE than linear" : "no more than linear";
  return `${word} (power ${value.toFixed(2)})`;
}
