import { programSchema } from "../config/schema.ts";
import { isDefault, type Setting, valueOf } from "../config/setting.ts";
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
function laterParts(program: ProgramSettings): unknown[] {
  return later
    .filter(([, row]) => !isDefault(program, row))
    .map(([key, row]) => [key, row.unit.print(valueOf(program, row))]);
}

const later = Object.entries<Setting>(programSchema).filter(
  ([key, { applies }]) => applies === "restart" && !FIRST.includes(key),
);

function sorted(env: ProgramSettings["env"]): readonly (readonly [string, string])[] {
  return [...env].toSorted(([a], [b]) => (a < b ? -1 : 1));
}
