import type { Pid, ProcessRef, Ticks } from "../../proc/pid.ts";
import type { Ended, Known, LastExit, ProgramRecord } from "./record.ts";
import { type Desired, desires, readState, type State, states } from "./states.ts";
import { asCount, asNumber, asText, isObject, namedObject } from "./named-object.ts";

/** Records have a multiple of this length: one that takes the place of another fits in. */
const BLOCK_BYTES = 512;

/** A record as it is written, with the time of that. */
export function recordToText(record: ProgramRecord): string {
  const json = JSON.stringify({ ...record, at: new Date().toISOString() });
  const length = Buffer.byteLength(json) + 1;
  return `${json}${" ".repeat(-length & (BLOCK_BYTES - 1))}\n`;
}

const knownDesires: ReadonlySet<unknown> = new Set(desires);
const knownStates: ReadonlySet<unknown> = new Set(states);

/**
 * Checked by hand, field by field: the file may have been edited, cut or be of a later version. Undefined: it is no
 * record of this program.
 *
 * @param now the boot that we are in
 */
export function parseRecord(text: string, name: string, now: string): ProgramRecord | undefined {
  const raw = namedObject(text, name);
  if (raw === undefined) return undefined;
  const { desired, state, boot, by } = raw;
  if (!knownDesires.has(desired) || !knownStates.has(state) || typeof boot !== "string")
    return undefined;
  const via = raw["via"];
  const launcher = raw["launcher"];
  const known: Known = {
    version: 1,
    name,
    boot: boot === now ? now : boot, // one string for thousands of records
    desired: desired as Desired,
    desiredAt: asNumber(raw["desiredAt"]) as Ticks | undefined,
    stopLasts: raw["stopLasts"] === "forever" ? "forever" : undefined,
    process: asRef(raw["process"]),
    launched: asRef(raw["launched"]),
    session: asNumber(raw["session"]),
    image: asNumber(raw["image"]),
    title: asTexts(raw["title"]),
    runsOn: asRefs(raw["runsOn"]),
    config: asText(raw["config"]),
    pidfile: asText(raw["pidfile"]),
    launch: asText(raw["launch"]),
    via: via === "launch" || via === "pidfile" || via === "scan" ? via : undefined,
    launcher: launcher === "usrsvc" || launcher === "usrsvcd" ? launcher : undefined,
    digest: asText(raw["digest"]),
    run: asText(raw["run"]),
    restarts: asCount(raw["restarts"]),
    failures: asCount(raw["failures"]),
    lastExit: asLastExit(raw["lastExit"]),
    ended: asEnded(raw["ended"]),
    reason: asText(raw["reason"]),
    at: asText(raw["at"]) ?? "",
    by: by === "usrsvcd" ? "usrsvcd" : "usrsvc",
  };
  const stoppedFor = asText(raw["stoppedFor"]);
  const dueUntil = asText(raw["dueUntil"]);
  const parts = asParts(raw["parts"]);
  const all = {
    ...known,
    ...(parts !== undefined && { parts }),
    ...(stoppedFor !== undefined && { stoppedFor }),
    ...(dueUntil !== undefined && { dueUntil }),
  };
  return { ...all, ...readState(state as State, raw) };
}

function asTexts(value: unknown): readonly string[] | undefined {
  const isList = Array.isArray(value) && value.every((one) => typeof one === "string");
  return isList && value.length > 0 ? value : undefined;
}

function asParts(value: unknown): Known["parts"] {
  if (!isObject(value) || Array.isArray(value)) return undefined;
  return Object.values(value).every((one) => typeof one === "string")
    ? (value as Known["parts"])
    : undefined;
}

function asRef(value: unknown): ProcessRef | undefined {
  if (!isObject(value)) return undefined;
  const { pid, startTime } = value;
  if (!Number.isSafeInteger(pid) || !Number.isSafeInteger(startTime) || Number(pid) < 2) {
    return undefined;
  }
  return { pid: pid as Pid, startTime: startTime as Ticks };
}

function asRefs(value: unknown): readonly ProcessRef[] | undefined {
  const refs = Array.isArray(value) ? value.flatMap((one) => asRef(one) ?? []) : [];
  return refs.length === 0 ? undefined : refs;
}

function asEnded(value: unknown): Ended | undefined {
  if (!isObject(value)) return undefined;
  const process = asRef(value["process"]);
  const by = asText(value["by"]);
  return process !== undefined && by !== undefined ? { process, by } : undefined;
}

function asLastExit(value: unknown): LastExit | undefined {
  if (!isObject(value)) return undefined;
  const { at, pid, exit } = value;
  if (typeof at !== "string" || typeof pid !== "number" || !isObject(exit)) return undefined;
  const by = asText(value["by"]);
  const wrote = asText(value["wrote"]);
  const { tookMs } = value;
  const more = {
    ...(by === undefined ? {} : { by }),
    ...(wrote === undefined ? {} : { wrote }),
    ...(value["isOfEarlierBoot"] === true ? { isOfEarlierBoot: true as const } : {}),
    ...(typeof tookMs === "number" && tookMs >= 0 ? { tookMs } : {}),
  };
  const { kind, code, signal, coreDumped } = exit;
  if (kind === "code" && typeof code === "number")
    return { at, pid, exit: { kind, code }, ...more };
  if (kind === "signal" && typeof signal === "string") {
    return { at, pid, exit: { kind, signal, coreDumped: coreDumped === true }, ...more };
  }
  return { at, pid, exit: { kind: "unknown" }, ...more };
}
