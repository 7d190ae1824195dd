import { NOT_USRSVC, type ShownExit } from "../events/shown-exit.ts";
import { formatBytes, formatDuration } from "../lib/format.ts";
import type { ProgramStatus } from "../status/status.ts";
import type { ActionResult } from "../operations/operation.ts";
import type { WaitResult } from "../operations/wait-goal.ts";
import { jsonLine } from "../lib/tame.ts";
import { keyName } from "./key-name.ts";

/** Maximum width to which names are padded, in columns: one long name must not pad all others. */
const WIDEST_CELL = 40;

/** A line for people, with its details below. */
export function renderAction(result: ActionResult | WaitResult): string {
  const head = `${result.program}: ${result.message}`;
  return [head, ...(result.details ?? []).map((line) => `    ${line}`)].join("\n");
}

/** One JSON object for a script. */
export function renderActionJson(result: ActionResult | WaitResult): string {
  const { code: exitCode, ...rest } = result;
  return jsonLine({ ...rest, exitCode });
}

/** The table of `usrsvc status`; under a line that needs it, why and what happens next. */
export function renderStatus(all: readonly ProgramStatus[], now: number): string {
  const rows = all.map((one) => [
    one.program,
    one.state,
    one.pid === undefined ? "-" : String(one.pid),
    one.uptimeSeconds === undefined ? "-" : formatDuration(one.uptimeSeconds * 1000),
    one.privateBytes === undefined ? "-" : formatBytes(one.privateBytes),
    String(one.restarts),
    one.lastExit === undefined ? "-" : formatExit(one.lastExit, now),
  ]);
  const table = [["PROGRAM", "STATE", "PID", "UPTIME", "MEMORY", "RESTARTS", "LAST EXIT"], ...rows];
  const widths = table.map((row) => row.map(displayWidth));
  const columns = table[0]?.map((_, column) =>
    widths.reduce((widest, row) => Math.min(WIDEST_CELL, Math.max(widest, row[column] ?? 0)), 0),
  );
  const lines = table.map((row, index) =>
    row
      .map((cell, column) => {
        const padding = (columns?.[column] ?? 0) - (widths[index]?.[column] ?? 0);
        return cell + " ".repeat(Math.max(0, padding));
      })
      .join("  ")
      .trimEnd(),
  );
  return [
    lines[0] ?? "",
    ...all.flatMap((one, index) => [
      lines[index + 1] ?? "",
      ...remarks(one).map((r) => `    ${r}`),
    ]),
  ].join("\n");
}

function remarks(one: ProgramStatus): readonly string[] {
  const lines: string[] = [];
  if (one.statusText !== undefined) lines.push(`it says: ${one.statusText}`);
  if (one.reason !== undefined) lines.push(`why: ${one.reason}`);
  if (one.state === "running" && one.restarts > 0) lines.push(...describeRestart(one.lastExit));
  if (one.state === "running" && one.lastRun !== undefined) lines.push(...describeLastRun(one));
  if (one.next !== undefined) lines.push(`next: ${one.next}`);
  if (one.olderSettings === true) {
    const keys = one.olderKeys === undefined ? "" : ` (${one.olderKeys.map(keyName).join(", ")})`;
    lines.push(`runs with older settings${keys}: usrsvc restart applies the new ones`);
  }
  for (const difference of one.differences ?? []) {
    lines.push(`not known to have been started by usrsvc: ${difference}`);
  }
  if (one.otherPids !== undefined) {
    lines.push(`also matches, but is not managed: pid ${one.otherPids.join(", ")}`);
  }
  return [...lines, ...(one.problems ?? []).map((problem) => `problem: ${problem}`)];
}

/** Why a program that is running again was restarted. */
function describeRestart(exit: ShownExit | undefined): readonly string[] {
  if (exit === undefined || (exit.by === undefined && exit.wrote === undefined)) return [];
  const by =
    exit.by === undefined ? "" : exit.by === NOT_USRSVC ? "not by usrsvc" : `by ${exit.by}`;
  const wrote = exit.wrote === undefined ? "" : `it wrote: ${exit.wrote}`;
  return [`its last exit: ${[by, wrote].filter((part) => part !== "").join("; ")}`];
}

/** Of a job that runs again. */
function describeLastRun({ lastRun, lastExit }: ProgramStatus): readonly string[] {
  if (lastExit === undefined || lastRun === undefined) return [];
  const { tookSeconds } = lastExit;
  const took = tookSeconds === undefined ? "" : `, after ${formatDuration(tookSeconds * 1000)}`;
  return [`last run: ${lastRun}${took}`];
}

function formatExit(exit: ShownExit, now: number): string {
  const how =
    exit.signal === undefined
      ? exit.code === undefined
        ? "unknown"
        : `code ${exit.code}`
      : `${exit.signal}${exit.coreDumped === true ? " (core)" : ""}`;
  const at = exit.at === undefined ? Number.NaN : Date.parse(exit.at);
  return Number.isNaN(at) ? how : `${how}, ${formatDuration(Math.max(0, now - at))} ago`;
}

/**
 * Columns on a terminal, near enough: wide East Asian characters and emoji take two. (string-width
 * also knows what is joined to one sign, but its Intl.Segmenter takes 10 ms at its first use.)
 */
function displayWidth(text: string): number {
  if (/^[ -~]*$/.test(text)) return text.length;
  let width = 0;
  for (const char of text) {
    width += WIDE.test(char) ? 2 : /[\p{Mn}\p{Me}\p{Cf}]/u.test(char) ? 0 : 1;
  }
  return width;
}

const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\p{Emoji_Presentation}]/u;
