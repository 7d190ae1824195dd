import type { ShownExit } from "../events/shown-exit.ts";
import { formatBytes, formatDuration, formatDurationShort, formatPercent } from "../lib/format.ts";
import type { ProgramStatus } from "../status/status.ts";

/** What the columns of a status hold, in their order. */
export const columns = [
  "program",
  "state",
  "pid",
  "uptime",
  "memory",
  "cpu",
  "restarts",
  "last",
] as const;
export type Column = (typeof columns)[number];

/** The texts of a row. */
export type Cells = Readonly<Record<Column, string>>;

/** How long the texts of a row are: as people say it, short, or the shortest. */
export type Length = "long" | "short" | "shortest";

/** What stands in a cell of which nothing is known. */
export const NOTHING = "-";

/** The heads of the columns. */
export function heads(length: Length): Cells {
  return {
    program: "PROGRAM",
    state: "STATE",
    pid: "PID",
    uptime: "UPTIME",
    memory: "MEMORY",
    cpu: "CPU",
    restarts: length === "long" ? "RESTARTS" : "RST",
    last: "LAST EXIT",
  };
}

/** The row of a program. */
export function cellsOf(one: ProgramStatus, length: Length, nowMs: number): Cells {
  const duration = length === "long" ? formatDuration : formatDurationShort;
  const bytes = length === "long" ? formatBytes : formatBytesShort;
  const { pid, uptimeSeconds, privateBytes, cpuPercent } = one;
  return {
    program: one.program,
    state: one.state,
    pid: pid === undefined ? NOTHING : String(pid),
    uptime: uptimeSeconds === undefined ? NOTHING : duration(uptimeSeconds * 1000),
    memory: privateBytes === undefined ? NOTHING : bytes(privateBytes),
    cpu: cpuPercent === undefined ? NOTHING : formatPercent(cpuPercent),
    restarts: String(one.restarts),
    last: lastOrAwaited(one, length, nowMs),
  };
}

function formatBytesShort(bytes: number): string {
  return formatBytes(bytes).replace(/ ([kMG])B$/, "$1");
}

/** What its start waits for, or how it ended last, and when it is tried again or due. */
function lastOrAwaited(one: ProgramStatus, length: Length, nowMs: number): string {
  if (one.state === "waiting" && one.waitsFor !== undefined) {
    return withoutReason(`waits for ${one.waitsFor}`);
  }
  if (one.state === "starting" && one.reason !== undefined) return withoutReason(one.reason);
  const exit = one.lastExit === undefined ? [] : [formatExit(one.lastExit, length, nowMs)];
  const awaited = comes(one, length, nowMs);
  const parts = length === "shortest" && awaited.length > 0 ? awaited : [...exit, ...awaited];
  return parts.length === 0 ? NOTHING : parts.join("; ");
}

/** `waits for tcp://10.0.0.5:5432`, without why and for how long, which a remark tells. */
function withoutReason(text: string): string {
  return text.split(/ \(|, /, 1)[0] ?? text;
}

function comes(one: ProgramStatus, length: Length, nowMs: number): readonly string[] {
  const { pid, nextTryAt, nextDueAt } = one;
  if (pid !== undefined) return [];
  const [what, iso] = nextTryAt === undefined ? ["due", nextDueAt] : ["try", nextTryAt];
  const ms = Date.parse(iso ?? "") - nowMs;
  if (Number.isNaN(ms) || ms < 0) return [];
  return [`${what} in ${(length === "long" ? formatDuration : formatDurationShort)(ms)}`];
}

/** `code 3, 5 min ago`, or shorter. */
export function formatExit(exit: ShownExit, length: Length, nowMs: number): string {
  const how =
    exit.signal === undefined
      ? exit.code === undefined
        ? "unknown"
        : `code ${exit.code}`
      : `${exit.signal}${exit.coreDumped === true ? " (core)" : ""}`;
  const at = exit.at === undefined ? Number.NaN : Date.parse(exit.at);
  if (Number.isNaN(at) || length === "shortest") return how;
  const ms = Math.max(0, nowMs - at);
  return `${how}, ${length === "long" ? formatDuration(ms) : inOneUnit(ms)} ago`;
}

function inOneUnit(ms: number): string {
  return /^\d+[a-z]/.exec(formatDurationShort(ms))?.[0] ?? "";
}
