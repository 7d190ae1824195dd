import { createHmac } from "node:crypto";
import { lstatSync } from "node:fs";
import type { Pid, ProcessRef, Ticks } from "../../proc/pid.ts";
import { sameProcess } from "../../proc/pid.ts";
import { mainSchema, monitorSchema, programSchema } from "../config/schema.ts";
import { isDefault, type Printed, type Schema, valueOf } from "../config/setting.ts";
import type { ProgramSettings, Settings } from "../config/settings.ts";
import { readFileHead } from "../lib/read-file.ts";
import { MASK, maskAll } from "../lib/secrets.ts";
import type { DaemonInfo } from "./daemon-info.ts";
import { runDigest, settingsDigest } from "./digest.ts";
import { variableName } from "./launch-parts.ts";
import type { StateDir } from "./state-dir.ts";

/*
 * The settings that usrsvcd has, in a file of its state folder: for who wants to know what a reread would change. What is not
 * there has its default. No secret is: of a value that contains one, and of each variable, there is what may be
 * shown, and a hash that tells whether it has changed.
 */

/** A value as the file has it; or what may be shown of it, and the hash of all of it. */
export type KeptValue = Printed | { readonly shown: Printed; readonly hash: string };

/** Values by key: those that are not the default. */
export type KeptValues = Readonly<Record<string, KeptValue>>;

/** A program as it was read. */
export interface KeptProgram {
  /** What is run (runDigest). */
  readonly run: string;
  /** What a process gets at its start (settingsDigest). */
  readonly digest: string;
  readonly keys: KeptValues;
  readonly monitor: KeptValues;
  /** By the name of the variable (variableName). */
  readonly env: ReadonlyMap<string, KeptValue>;
}

/** A configuration as it was read. */
export interface KeptSettings {
  /** ISO time of the reading. */
  readonly at: string;
  /** Which reading of this usrsvcd it is, counted from 1. */
  readonly number: number;
  /** By which values are hashed: only hashes with the same can be compared. */
  readonly salt: string;
  readonly main: KeptValues;
  readonly programs: ReadonlyMap<string, KeptProgram>;
}

/** With the names of ten thousand programs it has 10 MB. */
const MOST_BYTES = 64 * 1024 * 1024;
const HASH_LENGTH = 16;
const VERSION = 1;

/** What is kept of a configuration. */
export function keepSettings(
  { main, programs }: Pick<Settings, "main" | "programs">,
  { at, number, salt }: Pick<KeptSettings, "at" | "number" | "salt">,
): KeptSettings {
  return {
    at,
    number,
    salt,
    main: keepValues(mainSchema, main, salt),
    programs: new Map([...programs].map(([name, one]) => [name, keepProgram(one, salt)])),
  };
}

function keepProgram(program: ProgramSettings, salt: string): KeptProgram {
  return {
    run: runDigest(program),
    digest: settingsDigest(program),
    keys: keepValues(programSchema, program, salt),
    monitor: keepValues(monitorSchema, program.monitor, salt),
    env: new Map(
      [...program.env].map(([name, value]) => [
        variableName(name),
        { shown: MASK, hash: hash(value, salt) },
      ]),
    ),
  };
}

function keepValues(schema: Schema, settings: object, salt: string): KeptValues {
  return Object.fromEntries(
    Object.entries(schema)
      .filter(([, row]) => !isDefault(settings, row))
      .map(([key, row]) => [key, keepValue(row.unit.print(valueOf(settings, row)), salt)]),
  );
}

function keepValue(printed: Printed, salt: string): KeptValue {
  const shown = maskAll(printed);
  const text = JSON.stringify(printed);
  return JSON.stringify(shown) === text ? printed : { shown, hash: hash(text, salt) };
}

/** One that cannot be turned round: the value may be a password. */
function hash(text: string, salt: string): string {
  return createHmac("sha256", salt).update(text).digest("hex").slice(0, HASH_LENGTH);
}

/** The text of the file. */
export function keptText({ programs, ...rest }: KeptSettings, process: ProcessRef): string {
  const all = [...programs].map(([name, { env, ...one }]) => [name, { ...one, env: [...env] }]);
  return `${JSON.stringify({ version: VERSION, process, ...rest, programs: all })}\n`;
}

/** What is kept, or why that is not known: one clause for people. */
export type Kept = { readonly kept: KeptSettings } | { readonly unknown: string };

/** The settings that a usrsvcd has, which lives and tells this of itself. */
export function readKept({ settingsFile: path }: StateDir, daemon: DaemonInfo): Kept {
  const { settings: number, process, version } = daemon;
  if (number === undefined) {
    return { unknown: `usrsvcd, of version ${version}, does not tell them: usrsvcd restart` };
  }
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) {
    return { unknown: `${path} is missing; usrsvcd writes it again within 10 s` };
  }
  try {
    const most = MOST_BYTES;
    const { text } = readFileHead(path, { most, followsLinks: false, owner: "us" });
    const read = parse(JSON.parse(text));
    if (read !== undefined && sameProcess(read.process, process) && read.kept.number >= number) {
      return read;
    }
    if (read !== undefined) {
      return { unknown: `${path} is of an earlier reading: is the disk full?` };
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) return { unknown: (error as Error).message };
  }
  return { unknown: `${path} cannot be understood: remove it; usrsvcd writes it within 10 s` };
}

function parse(
  raw: unknown,
): { readonly kept: KeptSettings; readonly process: ProcessRef } | undefined {
  if (!isObject(raw) || raw["version"] !== VERSION) return undefined;
  const { at, number, salt, main, programs, process } = raw;
  if (typeof at !== "string" || typeof salt !== "string" || typeof number !== "number") {
    return undefined;
  }
  if (!isValues(main) || !Array.isArray(programs) || !isObject(process)) return undefined;
  const all = new Map<string, KeptProgram>();
  for (const one of programs as readonly unknown[]) {
    const [name, content] = Array.isArray(one) ? (one as readonly unknown[]) : [];
    const program = asProgram(content);
    if (typeof name !== "string" || program === undefined) return undefined;
    all.set(name, program);
  }
  return {
    kept: { at, number, salt, main, programs: all },
    process: {
      pid: Number(process["pid"]) as Pid,
      startTime: Number(process["startTime"]) as Ticks,
    },
  };
}

function asProgram(raw: unknown): KeptProgram | undefined {
  if (!isObject(raw)) return undefined;
  const { run, digest, keys, monitor, env } = raw;
  if (typeof run !== "string" || typeof digest !== "string" || !Array.isArray(env))
    return undefined;
  if (!isValues(keys) || !isValues(monitor)) return undefined;
  const variables = env as readonly (readonly [string, KeptValue])[];
  const isRight = variables.every(
    (one) => Array.isArray(one) && typeof one[0] === "string" && isValue(one[1]),
  );
  return isRight ? { run, digest, keys, monitor, env: new Map(variables) } : undefined;
}

function isValues(raw: unknown): raw is KeptValues {
  return isObject(raw) && Object.values(raw).every(isValue);
}

function isValue(raw: unknown): raw is KeptValue {
  if (!isObject(raw)) return isPrinted(raw);
  return isPrinted(raw["shown"]) && typeof raw["hash"] === "string";
}

function isPrinted(raw: unknown): raw is Printed {
  if (Array.isArray(raw)) return raw.every((one) => typeof one === "string");
  return raw === null || ["string", "number", "boolean"].includes(typeof raw);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
