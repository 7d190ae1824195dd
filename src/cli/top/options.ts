import { nearest } from "../../config/nearest.ts";
import { UsageError } from "../args.ts";
import { readSpan } from "../timeout.ts";
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
  const ms = readSpan(text);
  if (ms !== undefined && ms >= LEAST_MS && ms <= MOST_MS) return ms;
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
