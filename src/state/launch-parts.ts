import type { ProgramSettings } from "../config/settings.ts";
import { ENV } from "../lib/env-key.ts";
import { shownName } from "../lib/secrets.ts";
import { textHash } from "../lib/text-hash.ts";
import { settingsDigest, settingsParts } from "./digest.ts";
import type { ProgramRecord } from "./record.ts";

/*
 * Which of the settings with which a process was launched are others by now. The digest on record says whether any is;
 * these say which, by a hash of each that is too short for anybody to find a password by it.
 */

/** By key, and `Env.NAME` for a variable: a short hash of what a process was launched with. */
export type LaunchParts = Readonly<Record<string, string>>;

/**
 * The name of a variable as it is kept and shown: an odd one may contain a part of a value (shownName), and has some of its
 * hash instead.
 */
export function variableName(name: string): string {
  const shown = shownName(name);
  return shown === name ? name : `${shown}#${textHash(name).slice(0, HASH_LENGTH)}`;
}

/** With more variables, all of them are one part: a record is written again and again. */
const MOST_VARIABLES = 50;
/** 16 bits: one of 65,536 changes goes without its name, and as many passwords fit. */
const HASH_LENGTH = 4;

/** The parts of the settings of a program, for its record. */
export function launchParts(program: ProgramSettings): LaunchParts {
  return hashed(program, settingsDigest(program));
}

/** `salt`: equal values of two programs look different. */
function hashed(program: ProgramSettings, salt: string): LaunchParts {
  const { env } = program;
  const variables: readonly (readonly [string, unknown])[] =
    env.size > MOST_VARIABLES
      ? [["Env", [...env].toSorted(([a], [b]) => (a < b ? -1 : 1))]]
      : [...env].map(([name, value]) => [ENV + variableName(name), value]);
  const parts = [...settingsParts(program), ...variables].map(
    ([key, value]) =>
      [key, textHash(JSON.stringify([salt, key, value])).slice(0, HASH_LENGTH)] as const,
  );
  return Object.fromEntries(parts);
}

/**
 * The keys in which the process of a record was launched with other settings than the program has: as `launchParts` names
 * them. Empty where it is not on record which they are; undefined where there is no difference, or nobody knows
 * with what it was launched.
 */
export function olderKeys(
  settings: ProgramSettings | undefined,
  record: ProgramRecord | undefined,
): readonly string[] | undefined {
  const digest = record?.digest;
  if (settings === undefined || digest === undefined) return undefined;
  if (digest === settingsDigest(settings)) return undefined;
  const { parts } = record ?? {};
  if (parts === undefined) return [];
  const now = hashed(settings, digest);
  const keys = new Set([...Object.keys(parts), ...Object.keys(now)]);
  return [...keys].filter((key) => parts[key] !== now[key]);
}
