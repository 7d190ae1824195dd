import { parseSince } from "../lib/since.ts";
import type { HistoryLine } from "../state/history.ts";
import { UsageError } from "./args.ts";

/* What `usrsvc events` reads and prints, here and on other hosts. */

/** Number of events that are shown unless another number, or a time, is asked for. */
export const USUAL_LINES = 50;

/**
 * What limits the events that are shown.
 *
 * @throws {UsageError}
 */
export function readLimits(
  since: string | undefined,
  lines: string | undefined,
): { readonly sinceMs: number | undefined; readonly most: number | undefined } {
  return {
    sinceMs: since === undefined ? undefined : readSince(since),
    most: lines === undefined ? (since === undefined ? USUAL_LINES : undefined) : readCount(lines),
  };
}

function readSince(text: string): number {
  const ms = parseSince(text, Date.now());
  if (ms !== undefined) return ms;
  throw new UsageError(
    `--since: "${text}" is no time; write 10m or 2h, 04:30, 2030-01-31 or 2030-01-31T04:30`,
  );
}

function readCount(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new UsageError(`-n: "${text}" is not a whole number such as 20`);
}

/** `2030-01-31 04:30:15  WARN  web: exited with code 3`, in our time zone; then what it wrote last. */
export function renderEvent({ time, level, msg, ...more }: HistoryLine): string {
  const at = new Date(time);
  const two = (number: number): string => String(number).padStart(2, "0");
  const date = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  const clock = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  const mark = level === "warn" ? "WARN  " : level === "error" ? "ERROR " : "";
  const { output, details, reason } = more as Readonly<Record<string, unknown>>;
  const why = typeof reason === "string" && !msg.includes(reason) ? ` (${reason})` : "";
  const lines = [output, details].flatMap((one) => (Array.isArray(one) ? one.map(String) : []));
  return [
    `${date} ${clock}  ${mark}${msg}${why}`,
    ...lines.map((line) => `    ${line.startsWith("|") ? line : `| ${line}`}`),
  ].join("\n");
}
