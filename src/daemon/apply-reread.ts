import { mainSchema } from "../config/schema.ts";
import { type Setting, valueOf } from "../config/setting.ts";
import type { ProgramSettings, Settings } from "../config/settings.ts";
import { comparePrograms, type ProgramsDiffering } from "../state/compare-programs.ts";
import { settingsFingerprint as fingerprint } from "../state/digest.ts";

/** What differs between two configurations, by program. */
export interface Difference extends ProgramsDiffering {
  /** Keys of `[Main]`, as they are written, whose change only a restart of usrsvcd applies. */
  readonly main: readonly string[];
}

/** All others apply at a reread. */
const fixed = Object.entries<Setting>(mainSchema).filter(
  ([, { applies }]) => applies === "restart",
);

/** Compares two configurations. */
export function compare(before: Settings, after: Settings): Difference {
  const main = fixed.filter(([, row]) => valueOf(before.main, row) !== valueOf(after.main, row));
  return { ...comparePrograms(before.programs, after.programs), main: main.map(([key]) => key) };
}

/**
 * The programs that were set aside and are right by now; undefined where anything else is different
 * as well, which is for `usrsvcd reread` to apply.
 */
export function recovered(
  before: Settings,
  after: Settings,
): readonly ProgramSettings[] | undefined {
  if (JSON.stringify(before.main) !== JSON.stringify(after.main)) return undefined;
  const { added, removed, changed } = compare(before, after);
  if (removed.length > 0 || changed.length > 0) return undefined;
  const names = new Set([...after.programs.keys(), ...after.faulty.keys()]);
  const isOld = (name: string): boolean => before.programs.has(name) || before.faulty.has(name);
  if (![...names].every(isOld) || ![...before.faulty.keys()].every((name) => names.has(name))) {
    return undefined;
  }
  const isSame = (settings: ProgramSettings): boolean => {
    const known = before.faulty.get(settings.name)?.known ?? {};
    const keys = Object.keys(known) as (keyof ProgramSettings)[];
    const now = Object.fromEntries(keys.map((key) => [key, settings[key]]));
    return fingerprint(known) === fingerprint(now);
  };
  return added.every(isSame) ? added : undefined;
}
