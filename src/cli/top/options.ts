import { nearest } from "../../config/nearest.ts";
import { readSeconds } from "../../config/values.ts";
import { UsageError } from "../args.ts";
import { type SortKey, sortKeys } from "./sort.ts";

/** Shortest and longest time between two looks, in ms. */
const LEAST_MS = 200;
const MOST_MS = 3_600_000;

/**
 * The time between two looks, in ms.
 *
 * @throws {UsageError}
 */
export function readInterval(text: string): number {
  const read = readSeconds({ text, list: undefined, isBrokenList: false });
  if ("value" in read && read.value >= LEAST_MS && read.value <= MOST_MS) return read.value;
  throw new UsageError(`--interval: "${text}" is not a time from 0.2 s to 1 h; write 5, 0.5 or 1m`);
}

/**
 * By what rows are sorted.
 *
 * @throws {UsageError}
 */
export function readSortKey(text: string): SortKey {
  const key = sortKeys.find((one) => one === text);
  if (key !== undefined) return key;
  const near = nearest(text, sortKeys);
  const hint = near === undefined ? `known: ${sortKeys.join(", ")}` : `did you mean ${near}?`;
  throw new UsageError(`--sort: unknown key "${text}"; ${hint}`);
}
