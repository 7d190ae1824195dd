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
export function runDigest({
  argv,
  env,
  inheritEnv,
  directory,
  umask,
}: Pick<ProgramSettings, "argv" | "env" | "inheritEnv" | "directory" | "umask">): string {
  return textHash(JSON.stringify([argv, sorted(env), inheritEnv, directory, umask ?? null]));
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
  const { argv, env, inheritEnv, directory, umask, stdout, stderr } = program;
  const applied = [argv, sorted(env), inheritEnv, directory, umask ?? null, stdout, stderr];
  return textHash(JSON.stringify(applied));
}

function sorted(env: ProgramSettings["env"]): readonly (readonly [string, string])[] {
  return [...env].toSorted(([a], [b]) => (a < b ? -1 : 1));
}
