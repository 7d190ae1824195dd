import type { ShownExit } from "../../events/shown-exit.ts";
import { tame } from "../../lib/tame.ts";
import type { HistoryLine } from "../../state/history.ts";
import type { ShownHold } from "../../state/hold.ts";
import type { ProgramStatus } from "../../status/status.ts";

/*
 * What another host has printed, made fit for our tables: its usrsvc may be of another version, and it may say
 * anything. A value of a kind that is not expected counts as absent; a text has no line breaks.
 */

/** An object of JSON. */
export type Answer = Readonly<Record<string, unknown>>;

/** A line as an object; undefined: it is none. */
export function parseAnswer(line: string): Answer | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    return JSON.parse(line) as Answer;
  } catch {
    return undefined;
  }
}

type Plain = "text" | "number" | "yes" | "boolean" | "texts" | "numbers";
type Kind = Plain | "exit" | "hold" | "remembered";

const statusKinds: { readonly [K in keyof Required<ProgramStatus>]: Kind } = {
  schema: "number",
  program: "text",
  state: "text",
  enabled: "boolean",
  wanted: "boolean",
  pid: "number",
  via: "text",
  uptimeSeconds: "number",
  privateBytes: "number",
  cpuSeconds: "number",
  cpuPercent: "number",
  command: "text",
  restarts: "number",
  failures: "number",
  lastExit: "exit",
  reason: "text",
  next: "text",
  workedOnBy: "text",
  waitsFor: "text",
  nextTryAt: "text",
  nextDueAt: "text",
  lastRun: "text",
  statusText: "text",
  hold: "hold",
  remembered: "remembered",
  olderSettings: "yes",
  olderKeys: "texts",
  differences: "texts",
  otherPids: "numbers",
  problems: "texts",
  notes: "texts",
};

const holdKinds: { readonly [K in keyof Required<ShownHold>]: Plain } = {
  by: "text",
  as: "text",
  terminal: "text",
  since: "text",
  until: "text",
  reason: "text",
};

const rememberedKinds = { at: "text", by: "text" } as const;

const exitKinds: { readonly [K in keyof Required<ShownExit>]: Plain } = {
  at: "text",
  pid: "number",
  code: "number",
  signal: "text",
  coreDumped: "yes",
  unknown: "yes",
  by: "text",
  wrote: "text",
  tookSeconds: "number",
};

/** The keys that every version has: one of another may lack some. */
const always = ["state", "restarts"] as const;

/** The status of a program, and the keys that it lacks; undefined: it is none. */
export function readStatus(
  answer: Answer,
): { readonly status: ProgramStatus; readonly lacks: readonly string[] } | undefined {
  const known = pick(answer, statusKinds);
  if (known["program"] === undefined) return undefined;
  const base = { state: "-", enabled: true, restarts: 0, failures: 0 };
  return {
    status: { ...base, ...known } as unknown as ProgramStatus,
    lacks: always.filter((key) => known[key] === undefined),
  };
}

/** The result of an action, for people. */
export interface ShownResult {
  readonly program: string;
  readonly result: string;
  readonly message: string;
  readonly details: readonly string[];
  readonly isOk: boolean;
}

/** The result of an action; undefined: it is none. */
export function readResult(answer: Answer): ShownResult | undefined {
  const { program, result, message, details, exitCode } = pick(answer, {
    program: "text",
    result: "text",
    message: "text",
    details: "texts",
    exitCode: "number",
  });
  if (typeof program !== "string" || typeof message !== "string") return undefined;
  return {
    program,
    message,
    result: typeof result === "string" ? result : "",
    details: (details ?? []) as readonly string[],
    isOk: exitCode === 0,
  };
}

/** A line of a history; undefined: it is none. */
export function readEvent(answer: Answer): HistoryLine | undefined {
  const known = pick(answer, {
    time: "text",
    level: "text",
    event: "text",
    program: "text",
    msg: "text",
    reason: "text",
    output: "texts",
    details: "texts",
  });
  const { time, msg } = known;
  if (typeof time !== "string" || Number.isNaN(Date.parse(time))) return undefined;
  if (typeof msg !== "string") return undefined;
  return { level: "info", event: "", ...known, time, msg };
}

function pick(
  answer: Answer,
  kinds: Readonly<Record<string, Kind>>,
): Readonly<Record<string, unknown>> {
  const found = Object.entries(kinds).flatMap(([key, kind]) => {
    const value = Object.hasOwn(answer, key) ? read(answer[key], kind) : undefined;
    return value === undefined ? [] : [[key, value] as const];
  });
  return Object.fromEntries(found);
}

function read(value: unknown, kind: Kind): unknown {
  switch (kind) {
    case "text":
      return typeof value === "string" ? oneLine(value) : undefined;
    case "number":
      return typeof value === "number" ? value : undefined;
    case "yes":
      return value === true ? true : undefined;
    case "boolean":
      return typeof value === "boolean" ? value : undefined;
    case "texts":
      return all(value, (one) => (typeof one === "string" ? oneLine(one) : undefined));
    case "numbers":
      return all(value, (one) => (typeof one === "number" ? one : undefined));
    case "exit":
      return part(value, exitKinds, []);
    case "hold":
      return part(value, holdKinds, ["by", "since"]);
    case "remembered":
      return part(value, rememberedKinds, ["at", "by"]);
  }
}

/** An object; undefined where it lacks what it must have. */
function part(
  value: unknown,
  kinds: Readonly<Record<string, Plain>>,
  needed: readonly string[],
): Answer | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const found = pick(value as Answer, kinds);
  return needed.every((key) => Object.hasOwn(found, key)) ? found : undefined;
}

function all(value: unknown, one: (value: unknown) => unknown): unknown {
  if (!Array.isArray(value)) return undefined;
  return value.map(one).filter((found) => found !== undefined);
}

/** A line break would make lines of a table that look like others. */
function oneLine(text: string): string {
  return tame(text)
    .replaceAll("\n", String.raw`\n`)
    .replaceAll("\t", " ");
}
