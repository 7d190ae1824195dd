import type { ProgramSettings, Settings } from "../config/settings.ts";
import { settingsDigest, settingsFingerprint } from "./digest.ts";

/** Which programs differ between two configurations. */
export interface ProgramsDiffering {
  readonly added: readonly ProgramSettings[];
  readonly removed: readonly string[];
  readonly changed: readonly ProgramSettings[];
  /** Of these, the names of those of which something changed that a process gets only when it is started. */
  readonly launched: ReadonlySet<string>;
}

/** Compares the programs of two configurations: what a reread does with them, and what is said of that before. */
export function comparePrograms(
  before: Settings["programs"],
  after: Settings["programs"],
): ProgramsDiffering {
  const added: ProgramSettings[] = [];
  const changed: ProgramSettings[] = [];
  const launched = new Set<string>();
  for (const [name, settings] of after) {
    const old = before.get(name);
    if (old === undefined) added.push(settings);
    else if (settingsFingerprint(old) !== settingsFingerprint(settings)) {
      changed.push(settings);
      if (settingsDigest(old) !== settingsDigest(settings)) launched.add(name);
    }
  }
  const removed = [...before.keys()].filter((name) => !after.has(name));
  return { added, removed, changed, launched };
}
