import { mainSchema, monitorSchema, programSchema } from "../../config/schema.ts";
import type { Printed, Schema, Setting } from "../../config/setting.ts";
import { MASK } from "../../lib/secrets.ts";
import type {
  KeptProgram,
  KeptSettings,
  KeptValue,
  KeptValues,
} from "../../state/kept-settings.ts";
import { ENV } from "../../lib/env-key.ts";

/*
 * What differs between two configurations, key by key: values in, values out.
 */

/** A key whose value is another. */
export interface KeyDifference {
  /** As the file has it; `Env.NAME` for a variable. */
  readonly key: string;
  /** The unit of a number, as documentation names it; "" for what has none. */
  readonly unit: string;
  /** What may be shown of both; null: nothing is set. Undefined: it is not known what it was. */
  readonly old: Printed | undefined;
  readonly new: Printed;
  /** They differ in what is not shown, a password for example. */
  readonly isHidden: boolean;
  /** What a process gets at its start only (in `[Main]`, usrsvcd). */
  readonly applies: "now" | "restart";
}

/** What a program of the one is in the other. */
export type ProgramDifference =
  | { readonly change: "added" | "removed"; readonly program: string }
  | {
      readonly change: "changed";
      readonly program: string;
      readonly keys: readonly KeyDifference[];
    }
  /** It goes on as another section: `keys` are what that has otherwise. */
  | {
      readonly change: "renamed";
      readonly program: string;
      readonly from: string;
      readonly keys: readonly KeyDifference[];
    };

/** All that differs. */
export interface SettingsDifference {
  readonly main: readonly KeyDifference[];
  /** In the order of the new configuration; what it has not comes last. */
  readonly programs: readonly ProgramDifference[];
}

/**
 * Compares two configurations that were kept with the same salt.
 *
 * @param renamed the former names, by the new ones
 */
export function compareSettings(
  before: KeptSettings,
  after: KeptSettings,
  renamed: ReadonlyMap<string, string> = new Map(),
): SettingsDifference {
  const former = new Set(renamed.values());
  const programs: ProgramDifference[] = [];
  for (const [program, now] of after.programs) {
    const from = renamed.get(program);
    const old = before.programs.get(from ?? program);
    const keys = old === undefined ? [] : comparePrograms(old, now);
    if (from !== undefined) programs.push({ change: "renamed", program, from, keys });
    else if (old === undefined || former.has(program)) programs.push({ change: "added", program });
    else if (keys.length > 0) programs.push({ change: "changed", program, keys });
  }
  for (const program of before.programs.keys()) {
    if (after.programs.has(program) || former.has(program)) continue;
    programs.push({ change: "removed", program });
  }
  return { main: compareValues(mainSchema, before.main, after.main), programs };
}

function comparePrograms(before: KeptProgram, after: KeptProgram): readonly KeyDifference[] {
  return [
    ...compareValues(programSchema, before.keys, after.keys),
    ...compareVariables(before.env, after.env),
    ...compareValues(monitorSchema, before.monitor, after.monitor),
  ];
}

function compareValues(
  schema: Schema,
  before: KeptValues,
  after: KeptValues,
): readonly KeyDifference[] {
  return Object.entries(schema).flatMap(([key, row]) => {
    const old = before[key] ?? defaultOf(row);
    const now = after[key] ?? defaultOf(row);
    const { applies, unit } = row;
    return isSame(old, now) ? [] : [differ({ key, unit: unit.name, applies }, old, now)];
  });
}

/** Where it is a value; what follows from something else is always kept. */
function defaultOf({ default: value, unit }: Setting): Printed {
  return typeof value === "function" ? null : unit.print(value);
}

function compareVariables(
  before: KeptProgram["env"],
  after: KeptProgram["env"],
): readonly KeyDifference[] {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].flatMap((name) => {
    const [old, now] = [before.get(name) ?? null, after.get(name) ?? null];
    const about = { key: ENV + name, unit: "", applies: "restart" } as const;
    return isSame(old, now) ? [] : [differ(about, old, now)];
  });
}

function isSame(one: KeptValue, other: KeptValue): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function differ(
  about: Pick<KeyDifference, "key" | "unit" | "applies">,
  old: KeptValue,
  now: KeptValue,
): KeyDifference {
  const shown = { old: shownOf(old), new: shownOf(now) };
  return { ...about, ...shown, isHidden: isSame(shown.old, shown.new) };
}

function shownOf(value: KeptValue): Printed {
  return typeof value === "object" && value !== null && "hash" in value ? value.shown : value;
}

/**
 * A key of which it is on record only that a process was launched with another value: `now` is what the program has by
 * now, `key` as the record names it.
 */
export function differsFromLaunch(key: string, now: KeptProgram): KeyDifference {
  const about = { key, applies: "restart", old: undefined, isHidden: false } as const;
  if (key === "Env") return { ...about, unit: "", new: MASK };
  if (key.startsWith(ENV)) {
    const value = now.env.get(key.slice(ENV.length));
    return { ...about, unit: "", new: value === undefined ? null : shownOf(value) };
  }
  const isMonitored = Object.hasOwn(monitorSchema, key);
  const schema: Schema = isMonitored ? monitorSchema : programSchema;
  const row = schema[key];
  const value = (isMonitored ? now.monitor : now.keys)[key] ?? (row ? defaultOf(row) : null);
  return { ...about, unit: row?.unit.name ?? "", new: shownOf(value) };
}
