import type { ProgramSettings, Settings } from "../config/settings.ts";
import { settingsFingerprint } from "../program/digest.ts";

/** What differs between two configurations, by program. */
export interface Difference {
  readonly added: readonly ProgramSettings[];
  readonly removed: readonly string[];
  readonly changed: readonly ProgramSettings[];
  /** Keys of `[Main]` whose change only a restart of usrsvcd applies. */
  readonly main: readonly string[];
}

/** Compares two configurations. */
export function compare(before: Settings, after: Settings): Difference {
  const added: ProgramSettings[] = [];
  const changed: ProgramSettings[] = [];
  for (const [name, settings] of after.programs) {
    const old = before.programs.get(name);
    if (old === undefined) added.push(settings);
    else if (settingsFingerprint(old) !== settingsFingerprint(settings)) changed.push(settings);
  }
  const removed = [...before.programs.keys()].filter((name) => !after.programs.has(name));
  return { added, removed, changed, main: changedKeys(before.main, after.main) };
}

function changedKeys(before: object, after: object): readonly string[] {
  const old = new Map(Object.entries(before));
  return Object.entries(after)
    .filter(([key, value]) => old.get(key) !== value)
    .map(([key]) => key)
    .filter((key) => key !== "configDir" && key !== "sendmailPath"); // these apply at once
}
