import { readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import type { Exit } from "../../proc/exit.ts";
import type { Pid, ProcessRef, Ticks } from "../../proc/pid.ts";
import { NotAFile, readFileHead } from "../lib/read-file.ts";
import { replaceFile } from "../lib/replace-file.ts";
import { checkStateDir, fileStem, sparePath, type StateDir } from "./state-dir.ts";

/** How a program's process became known. */
export type Via = "launch" | "pidfile" | "scan";

/** What a person (or usrsvcd on his behalf) wants of a program. `down` lasts until the next boot. */
export type Desired = "up" | "down" | "none";

/** Where a program stood when its record was written. */
export type State = "starting" | "running" | "stopping" | "stopped" | "backoff" | "fatal";

/** The end of a program's process. */
export interface LastExit {
  /** ISO time at which it was noticed. */
  readonly at: string;
  readonly pid: number;
  readonly exit: Exit;
  /** Who ended it, for people: usrsvc, usrsvcd, or none of them. */
  readonly by?: string | undefined;
  /** What it wrote last: the line that tells most. */
  readonly wrote?: string | undefined;
}

/** What an operator has ended. */
export interface Ended {
  /** The program's process, as it was. */
  readonly process: ProcessRef;
  /** By which command of his: `usrsvc restart`. */
  readonly by: string;
}

/**
 * What outlives us about one program. Written only by who holds the program's lock, before it
 * acts: whoever comes next, after a SIGKILL of the writer at any instant, finds the process here.
 */
export interface ProgramRecord {
  readonly version: 1;
  readonly name: string;
  /** Boot id: in another boot only the counters mean anything. */
  readonly boot: string;
  readonly desired: Desired;
  /** When the operator's call that has set it was born. */
  readonly desiredAt: Ticks | undefined;
  readonly state: State;
  /** The program's process, or what was launched to become it. */
  readonly process: ProcessRef | undefined;
  /** What was launched: the leader of the program's session and process group. */
  readonly launched: ProcessRef | undefined;
  /** Session of `process` where that is another than `launched` leads, and the program's own. */
  readonly session: number | undefined;
  /** `image` of the process (proc/stat.ts): what it forks without exec has the same. */
  readonly image: number | undefined;
  /** Its command line, where it has given itself another than it was started with. */
  readonly title: readonly string[] | undefined;
  /** The main configuration file of who wrote this; the same name in another is another program. */
  readonly config: string | undefined;
  /** What an operator's stop has named as what runs on: none of it is the program. */
  readonly runsOn: readonly ProcessRef[] | undefined;
  /** The pidfile that we wrote for it. */
  readonly pidfile: string | undefined;
  /** What marks the environment of `launched` and its children. */
  readonly launch: string | undefined;
  readonly via: Via | undefined;
  /** Which program of ours has launched it, for whoever it was; undefined: none, or it is not known. */
  readonly launcher: "usrsvc" | "usrsvcd" | undefined;
  /** Settings with which `process` was launched. */
  readonly digest: string | undefined;
  /** What was launched last (runDigest). */
  readonly run: string | undefined;
  /** Automatic restarts since the program was last started by hand or by autostart. */
  readonly restarts: number;
  /** Failed starts since the program was last seen running. */
  readonly failures: number;
  readonly lastExit: LastExit | undefined;
  /** Kept when a start that fails has put its own end in `lastExit`. */
  readonly ended: Ended | undefined;
  /** Why the program is in this state, for people. */
  readonly reason: string | undefined;
  /** ISO time of the next try (state `backoff`). */
  readonly nextTryAt: string | undefined;
  /** ISO time of writing, and the writer. */
  readonly at: string;
  readonly by: "usrsvc" | "usrsvcd";
}

/** A record, or why there is none. */
export interface RecordFile {
  readonly record: ProgramRecord | undefined;
  /** `path: what is wrong`, when there is a file that cannot be understood. */
  readonly problem: string | undefined;
  /** The text as it stood; undefined when there is no file, or when it cannot be read now. */
  readonly text: string | undefined;
  /** It was written before the machine was booted last. */
  readonly isOfEarlierBoot?: true;
  /** True when it cannot be understood, is no file, or may not be read; false also when it cannot be read just now. */
  readonly isDamaged: boolean;
}

/** No record is larger. */
const MOST_BYTES = 1024 * 1024;
/** Errors that come again with the next try: no descriptor was lacking just then. */
const UNREADABLE: ReadonlySet<string> = new Set(["EACCES", "EPERM", "EISDIR", "ELOOP"]);

/** Path of the record of one program. */
export function recordPath(dir: StateDir, name: string): string {
  return join(dir.programs, `${fileStem(name)}.json`);
}

/** A record of a program of which nothing is known. */
export function emptyRecord(name: string, boot: string): ProgramRecord {
  return {
    version: 1,
    name,
    boot,
    desired: "none",
    desiredAt: undefined,
    state: "stopped",
    process: undefined,
    launched: undefined,
    session: undefined,
    image: undefined,
    title: undefined,
    runsOn: undefined,
    config: undefined,
    pidfile: undefined,
    launch: undefined,
    via: undefined,
    launcher: undefined,
    digest: undefined,
    run: undefined,
    restarts: 0,
    failures: 0,
    lastExit: undefined,
    ended: undefined,
    reason: undefined,
    nextTryAt: undefined,
    at: new Date().toISOString(),
    by: "usrsvc",
  };
}

/** The text of a record as it stands; undefined when there is none, or when it cannot be read now. */
export function recordText(dir: StateDir, name: string): string | undefined {
  try {
    return readText(recordPath(dir, name));
  } catch {
    return undefined;
  }
}

/**
 * Reads a record; one of an earlier boot comes back without what that boot knew. `isKnown` may say
 * that a text needs no second look: undefined is what comes back then.
 */
export function readRecord(dir: StateDir, name: string, boot: string): RecordFile;
export function readRecord(
  dir: StateDir,
  name: string,
  boot: string,
  isKnown: (text: string) => boolean,
): RecordFile | undefined;
export function readRecord(
  dir: StateDir,
  name: string,
  boot: string,
  isKnown?: (text: string) => boolean,
): RecordFile | undefined {
  const path = recordPath(dir, name);
  let text: string;
  try {
    text = readText(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const isNoFile = error instanceof NotAFile;
    const problem = code === "ENOENT" ? undefined : isNoFile ? message : `${path}: ${message}`;
    const isDamaged = isNoFile || UNREADABLE.has(code ?? "");
    return { record: undefined, problem, text: undefined, isDamaged };
  }
  if (isKnown?.(text) === true) return undefined;
  const record = parseRecord(text, name, boot);
  if (record === undefined) {
    const problem = `${path}: not a record of this program, ignored`;
    return { record: undefined, problem, text, isDamaged: true };
  }
  const file = { problem: undefined, text, isDamaged: false };
  if (record.boot === boot) return { ...file, record };
  return { ...file, record: forget(record, boot), isOfEarlierBoot: true };
}

/**
 * The text of a file of the folder of records.
 *
 * @throws {NotAFile} for what is none of ours, a link for example
 */
export function readRecordText(dir: StateDir, file: string): string {
  return readText(join(dir.programs, file));
}

function readText(path: string): string {
  return readFileHead(path, { most: MOST_BYTES, followsLinks: false, owner: "us" }).text;
}

/** Names of the files that may be records; none while nothing was ever started. */
export function recordFiles({ programs }: StateDir): readonly string[] {
  try {
    return readdirSync(programs).filter((file) => file.endsWith(".json"));
  } catch {
    return [];
  }
}

/** The program whose record a file is; undefined when it is damaged, or gone. */
export function recordedName(dir: StateDir, file: string): string | undefined {
  try {
    const { name } = JSON.parse(readRecordText(dir, file)) as { readonly name?: unknown };
    return typeof name === "string" ? name : undefined;
  } catch {
    return undefined;
  }
}

/** Records have a multiple of this length: one that takes the place of another fits in. */
const BLOCK_BYTES = 512;

/**
 * Replaces the record, so that a reader sees the old or the new one. No fsync: what a power failure
 * could lose is void in the next boot anyway.
 *
 * @returns the text written, by which the writer knows its own work again
 */
export function writeRecord(dir: StateDir, record: ProgramRecord): string {
  const json = JSON.stringify({ ...record, at: new Date().toISOString() });
  const length = Buffer.byteLength(json) + 1;
  const text = `${json}${" ".repeat(-length & (BLOCK_BYTES - 1))}\n`;
  const spare = sparePath(dir, record.name, "record");
  checkStateDir(dir);
  replaceFile(recordPath(dir, record.name), spare, text);
  return text;
}

/**
 * Puts a record that is damaged aside (under the program's lock), so that the next write does not
 * destroy it.
 */
export function setDamagedAside(dir: StateDir, name: string): void {
  const path = recordPath(dir, name);
  checkStateDir(dir);
  for (const ending of ["damaged", `damaged.${Date.now().toString(36)}`]) {
    try {
      renameSync(path, `${path}.${ending}`);
      return;
    } catch {
      // one of the two is a folder
    }
  }
}

function forget(record: ProgramRecord, boot: string): ProgramRecord {
  return {
    ...emptyRecord(record.name, boot),
    config: record.config,
    lastExit: record.lastExit,
    at: record.at,
    by: record.by,
  };
}

const knownDesired: ReadonlySet<unknown> = new Set<Desired>(["up", "down", "none"]);
const knownStates: ReadonlySet<unknown> = new Set<State>([
  "starting",
  "running",
  "stopping",
  "stopped",
  "backoff",
  "fatal",
]);

/** Checked by hand, field by field: the file may have been edited, cut or be of a later version. */
function parseRecord(text: string, name: string, now: string): ProgramRecord | undefined {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(raw) || raw["version"] !== 1 || raw["name"] !== name) return undefined;
  const { desired, state, boot, by } = raw;
  if (!knownDesired.has(desired) || !knownStates.has(state) || typeof boot !== "string")
    return undefined;
  const via = raw["via"];
  const launcher = raw["launcher"];
  return {
    version: 1,
    name,
    boot: boot === now ? now : boot, // one string for thousands of records
    desired: desired as Desired,
    desiredAt: asNumber(raw["desiredAt"]) as Ticks | undefined,
    state: state as State,
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
    nextTryAt: asText(raw["nextTryAt"]),
    at: asText(raw["at"]) ?? "",
    by: by === "usrsvcd" ? "usrsvcd" : "usrsvc",
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function asText(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function asTexts(value: unknown): readonly string[] | undefined {
  const isList = Array.isArray(value) && value.every((one) => typeof one === "string");
  return isList && value.length > 0 ? value : undefined;
}

function asCount(value: unknown): number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : 0;
}

function asNumber(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : undefined;
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
  const more = { ...(by === undefined ? {} : { by }), ...(wrote === undefined ? {} : { wrote }) };
  const { kind, code, signal, coreDumped } = exit;
  if (kind === "code" && typeof code === "number")
    return { at, pid, exit: { kind, code }, ...more };
  if (kind === "signal" && typeof signal === "string") {
    return { at, pid, exit: { kind, signal, coreDumped: coreDumped === true }, ...more };
  }
  return { at, pid, exit: { kind: "unknown" }, ...more };
}
