import { lstatSync } from "node:fs";
import type { Pid, ProcessRef, Ticks } from "../../proc/pid.ts";
import { readFileHead } from "../lib/read-file.ts";

/** What a running usrsvcd tells of itself in `state_dir/usrsvcd.json`. */
export interface DaemonInfo {
  readonly process: ProcessRef;
  readonly boot: string;
  /** ISO time of its start. */
  readonly since: string;
  readonly version: string;
  /** The main configuration file. */
  readonly config: string;
  /** Its state folder: a copy of that has this file as well. Undefined: it does not tell. */
  readonly stateDir: string | undefined;
  readonly pidfile: string;
  /** Where its log goes: a path, or "stdout". */
  readonly log: string;
  /** The systemd that runs it; undefined: none does. */
  readonly unit: "system" | "user" | undefined;
  /** All programs are ended with it: a container ends then. */
  readonly endsPrograms: boolean;
  /** The last reread, counted from 1; 0: none yet. */
  readonly rereads: number;
  readonly lastReread: RereadResult | undefined;
  /** Programs that are set aside since their sections have errors. */
  readonly setAside: readonly string[];
  /** What it cannot do just now, and since when. */
  readonly troubles: readonly DaemonTrouble[];
  /** The programs that it looks after: those of the files as it has read them. Undefined: it does not tell. */
  readonly programs: readonly string[] | undefined;
  /** Which reading of the settings it has (kept-settings.ts). Undefined: it does not tell. */
  readonly settings?: number | undefined;
}

/** Something of the machine's that usrsvcd lacks. */
export interface DaemonTrouble {
  /** ISO time. */
  readonly since: string;
  /** What, with the path, for people. */
  readonly text: string;
}

/** What came of a reread. */
export interface RereadResult {
  readonly at: string;
  readonly ok: boolean;
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
  /** Those of them that run on as they were launched: a restart of each applies the change. */
  readonly atRestart?: readonly string[];
  /** Sections that got another name while their programs run. */
  readonly renamed?: readonly Renamed[];
  /** When not ok: what is wrong; the old configuration is kept. */
  readonly problems: readonly string[];
}

/** The program of one name is that of another by now. */
export interface Renamed {
  readonly from: string;
  readonly to: string;
}

/** With the names of ten thousand programs it has 1 MB. */
const MOST_BYTES = 16 * 1024 * 1024;

/** Who acts on thousands of programs asks for each, and the file names all of them. */
let last: { readonly stamp: string; readonly info: DaemonInfo | undefined } | undefined;

/**
 * Reads the self-description; undefined when there is none, or none that can be understood. That
 * the process in it lives is for the caller to check, by its start time.
 */
export function readDaemonInfo(path: string, boot: string): DaemonInfo | undefined {
  const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  const stamp = [path, boot, stat.dev, stat.ino, stat.size, stat.mtimeNs, stat.ctimeNs].join("\0");
  if (last?.stamp !== stamp) last = { stamp, info: read(path, boot) };
  return last.info;
}

function read(path: string, boot: string): DaemonInfo | undefined {
  try {
    const { text } = readFileHead(path, { most: MOST_BYTES, followsLinks: false, owner: "us" });
    const raw = JSON.parse(text) as Partial<DaemonInfo>;
    const { pid, startTime } = raw.process ?? {};
    if (!Number.isSafeInteger(pid) || !Number.isSafeInteger(startTime)) return undefined;
    if (raw.boot !== boot) return undefined;
    return {
      process: { pid: pid as Pid, startTime: startTime as Ticks },
      boot,
      since: String(raw.since),
      version: String(raw.version),
      config: String(raw.config),
      stateDir: typeof raw.stateDir === "string" ? raw.stateDir : undefined,
      pidfile: String(raw.pidfile),
      log: String(raw.log),
      unit: raw.unit === "system" || raw.unit === "user" ? raw.unit : undefined,
      endsPrograms: raw.endsPrograms === true,
      rereads: Number.isSafeInteger(raw.rereads) ? Math.max(0, Number(raw.rereads)) : 0,
      lastReread: asReread(raw.lastReread),
      setAside: asTexts(raw.setAside) ?? [],
      programs: asTexts(raw.programs),
      ...(Number.isSafeInteger(raw.settings) && { settings: Number(raw.settings) }),
      troubles: asTroubles(raw.troubles),
    };
  } catch {
    return undefined;
  }
}

/** Undefined also where something is amiss: then nobody knows what came of it. */
function asReread(raw: Partial<RereadResult> | undefined): RereadResult | undefined {
  if (typeof raw !== "object" || raw === null || typeof raw.ok !== "boolean") return undefined;
  const [added, removed, changed] = [raw.added, raw.removed, raw.changed].map(asTexts);
  const problems = asTexts(raw.problems);
  if (!added || !removed || !changed || !problems) return undefined;
  const atRestart = asTexts(raw.atRestart);
  const renamed = asRenamed(raw.renamed);
  return {
    at: String(raw.at),
    ok: raw.ok,
    added,
    removed,
    changed,
    problems,
    ...(atRestart !== undefined && { atRestart }),
    ...(renamed !== undefined && { renamed }),
  };
}

function asRenamed(value: unknown): readonly Renamed[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return value.flatMap((one: Partial<Renamed> | null) =>
    typeof one?.from === "string" && typeof one.to === "string"
      ? [{ from: one.from, to: one.to }]
      : [],
  );
}

function asTroubles(value: unknown): readonly DaemonTrouble[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((one: Partial<DaemonTrouble> | null) =>
    typeof one?.since === "string" && typeof one.text === "string"
      ? [{ since: one.since, text: one.text }]
      : [],
  );
}

function asTexts(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) && value.every((one) => typeof one === "string") ? value : undefined;
}

/** The kind of systemd that runs a usrsvcd with this environment, if one does. */
export function unitOf(env: Readonly<Record<string, string | undefined>>): DaemonInfo["unit"] {
  if (env["NOTIFY_SOCKET"] === undefined) return undefined;
  return (env["MANAGERPID"] ?? "1") === "1" ? "system" : "user";
}
