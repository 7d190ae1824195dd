import { didYouMean, nearest } from "./nearest.ts";
import { type RawValue, readSeconds, type Reading, wrong } from "./values.ts";

/*
 * Readers of the kinds of values that several keys have.
 */

/** A reader of one of `words`, in any case. `meant`: what other managers call them, and what people write instead. */
export function oneOf<T extends string>(
  words: readonly T[],
  problem: string,
  meant?: ReadonlyMap<string, string>,
): (raw: RawValue) => Reading<T> {
  return (raw) => {
    const word = raw.text.toLowerCase();
    const value = words.find((one) => one === word);
    if (value !== undefined) return { value };
    return wrong(raw, `${problem}${didYouMean(meant?.get(word) ?? nearest(word, words))}`);
  };
}

const LEAST_MS = 1000;

/** A reader of times of a second or more, in ms, of which 0 means something else: `for never`. */
export function secondsOrZero(forWhat: string, zero: string): (raw: RawValue) => Reading<number> {
  return (raw) => {
    const reading = readSeconds(raw);
    if ("problem" in reading || reading.value === 0 || reading.value >= LEAST_MS) return reading;
    return wrong(raw, `is too short for ${forWhat}; at least 1s, or 0 ${zero}`);
  };
}
