import { readSeconds } from "../config/values.ts";
import { UsageError } from "./args.ts";

/** For how long at most. */
export const timeout = {
  value: "TIME",
  help: "give up after so long: 30 (seconds), 500ms, 5m; with -H: on a host that is silent (10s)",
} as const;

/** A time as settings have it (`30`, `500ms`, `5m`), in ms; undefined for what is none. */
export function readSpan(text: string): number | undefined {
  const read = readSeconds({ text, list: undefined, isBrokenList: false });
  return "value" in read ? read.value : undefined;
}

/** In ms. @throws {UsageError} */
export function readTimeout(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = readSpan(text) ?? 0;
  if (ms > 0) return ms;
  throw new UsageError(`--timeout: "${text}" is not a time such as 30 (seconds), 500ms or 5m`);
}
