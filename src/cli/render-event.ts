import type { HistoryLine } from "../state/history.ts";

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
