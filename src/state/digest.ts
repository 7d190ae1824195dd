import { monitorSchema, programSchema } from "../config/schema.ts";
import { isDefault, type Schema, type Setting, valueOf } from "../config/setting.ts";
import type { ProgramSettings } from "../config/settings.ts";
import { textHash } from "../lib/text-hash.ts";

/**
 * Identifies the settings that only a restart can apply. While a program runs with another digest
 * than its settings have now, `status` marks it.
 */
export function settingsDigest(program: ProgramSettings): string {
  const known = digests.get(program);
  if (known !== undefined) return known;
  const digest = makeDigest(program);
  digests.set(program, digest);
  return digest;
}

/**
 * Identifies what is run, apart from where its output goes: a section that is renamed may have its logs
 * renamed as well, and stays the same program.
 */
export function runDigest(program: ProgramSettings): string {
  return textHash(JSON.stringify([...runParts(program), ...laterParts(program)]));
}

/** Identifies all settings of a program, but for where they stand. */
export function settingsFingerprint(settings: Partial<ProgramSettings>): string {
  return textHash(
    JSON.stringify({ ...settings, place: undefined }, (_key, value: unknown) => {
      if (value instanceof Map) return [...value];
      return value instanceof RegExp ? value.source + value.flags : value;
    }),
  );
}

/** Settings never change: others take their place. */
const digests = new WeakMap<ProgramSettings, string>();

function makeDigest(program: ProgramSettings): string {
  const { stdout, stderr } = program;
  const applied = [...runParts(program), stdout, stderr, ...laterParts(program)];
  return textHash(JSON.stringify(applied));
}

/** These stand by position. `command` and `useshell` are in argv. */
const FIRST: readonly string[] = [
  "command",
  "useshell",
  "inherit_env",
  "directory",
  "umask",
  "stdout",
  "stderr",
];

function runParts({ argv, env, inheritEnv, directory, umask }: ProgramSettings): unknown[] {
  return [argv, sorted(env), inheritEnv, directory, umask ?? null];
}

/**
 * All further settings that a process gets at its start, by their keys, and only where their default does
 * not hold: one that is new changes no digest that is on record.
 */
function laterParts(program: ProgramSettings): readonly Part[] {
  return [...setParts(later, program), ...setParts(monitored, program.monitor)];
}

type Part = readonly [key: string, value: unknown];
type Rows = readonly (readonly [string, Setting])[];

function setParts(rows: Rows, settings: object): readonly Part[] {
  return rows
    .filter(([, row]) => !isDefault(settings, row))
    .map(([key, row]) => [key, row.unit.print(valueOf(settings, row))]);
}

const atStart = (schema: Schema): Rows =>
  Object.entries(schema).filter(([, { applies }]) => applies === "restart");

const later = atStart(programSchema).filter(([key]) => !FIRST.includes(key));
const monitored = atStart(monitorSchema);

/**
 * What makes up the settingsDigest of a program, key by key: the words that are executed stand for `command`, and the
 * variables of the environment are in `env`.
 */
export function settingsParts(program: ProgramSettings): readonly Part[] {
  const { argv, useshell, inheritEnv, directory, umask, stdout, stderr } = program;
  return [
    ["command", argv],
    ["useshell", useshell],
    ["inherit_env", inheritEnv],
    ["directory", directory],
    ["umask", umask ?? null],
    ["stdout", stdout],
    ["stderr", stderr],
    ...laterParts(program),
  ];
}

function sorted(env: ProgramSettings["env"]): readonly (readonly [string, string])[] {
  return [...env].toSorted(([a], [b]) => (a < b ? -1 : 1));
}
