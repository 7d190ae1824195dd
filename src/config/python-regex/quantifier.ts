import { PatternError, type PatternReader } from "./reader.ts";

/** How often something is repeated. */
export interface Repeat {
  readonly from: number;
  readonly to: number;
  readonly at: number;
}

const MAX_REPEAT = 4_294_967_295;

/** Reads a quantifier, but for what makes it lazy or possessive; undefined where there is none. */
export function readRepeat(reader: PatternReader): Repeat | undefined {
  const { at } = reader;
  if (reader.take("*")) return { from: 0, to: Infinity, at };
  if (reader.take("+")) return { from: 1, to: Infinity, at };
  if (reader.take("?")) return { from: 0, to: 1, at };
  // Braces that hold anything else are ordinary characters.
  if (reader.peek() !== "{") return undefined;
  const braces = reader.match(/^\{(\d+|\d*,\d*)\}/);
  if (braces === "") return undefined;
  const [low = "", high = low] = braces.slice(1, -1).split(",");
  const to = high === "" ? Infinity : Number(high);
  if (Number(low) >= MAX_REPEAT || (high !== "" && to >= MAX_REPEAT)) {
    throw new PatternError("the repetition number is too large", at);
  }
  if (to < Number(low)) throw new PatternError("min repeat greater than max repeat", at + 1);
  return { from: Number(low), to, at };
}
