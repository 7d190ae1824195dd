import { readSeconds } from "../config/values.ts";
import { UsageError } from "./args.ts";

/** For how long at most. */
export const timeout = {
  value: "TIME",
  help: "give up after so long: 30 (seconds), 500ms, 5m; with -H: on a host that is silent (10s)",
} as const;

/** In ms. @throws {UsageError} */
export function readTimeout(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const reading = readSeconds({ text, list: undefined, isBrokenList: false });
  if ("value" in reading && reading.value > 0) return reading.value;
  throw new UsageError(`--timeout: "${text}" is not a time such as 30 (seconds), 500ms or 5m`);
}
