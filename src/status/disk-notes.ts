import { constants, statfsSync } from "node:fs";
import { dirname } from "node:path";
import type { Settings } from "../config/settings.ts";
import { accessFault } from "../lib/fault.ts";
import type { StateDir } from "../state/state-dir.ts";

/**
 * Disks on which usrsvc can write nothing just now, each told once: that of state_dir, and those of pidfiles. (Not those
 * of logs: a look there may hang, and a start that fails for them says so.)
 */
export function diskNotes(
  { programs }: Pick<Settings, "programs">,
  state: StateDir,
): readonly string[] {
  const pidfiles = [...programs.values()]
    .filter(({ enabled, autopid }) => enabled && autopid)
    .map(({ pidfile }) => dirname(pidfile));
  const folders = new Set([state.programs, ...pidfiles]);
  const notes = [...folders].map((path) => [path, troubleOf(path)] as const);
  const seen = new Set<string>();
  return notes.flatMap(([path, trouble]) => {
    // All folders of a disk have the same figures.
    if (trouble === undefined || seen.has(trouble.disk)) return [];
    seen.add(trouble.disk);
    return [`${path} ${trouble.text}; ${path === state.programs ? STATE : PIDFILE}`];
  });
}

/** Why nothing can be written into a folder just now, with its path; undefined: nothing is known of it. */
export function diskTrouble(path: string): string | undefined {
  const trouble = troubleOf(path);
  return trouble && `${path} ${trouble.text}`;
}

const STATE =
  "until that is fixed, what ends may stay down, and what is asked for may be forgotten";
const PIDFILE = "until that is fixed, pidfiles there may be wrong";

interface DiskTrouble {
  readonly disk: string;
  readonly text: string;
}

/** Undefined where there is none, or nothing can be told. */
function troubleOf(path: string): DiskTrouble | undefined {
  try {
    const { type, blocks, bavail, files, ffree } = statfsSync(path);
    const disk = [type, blocks, files].join();
    if (accessFault(path, constants.W_OK) === "EROFS") {
      return {
        disk: `${disk} ro`,
        text: "is on a file system that is read-only (see mount, dmesg)",
      };
    }
    // Some count neither (/proc), or no files (btrfs).
    if (blocks > 0 && bavail === 0) return { disk, text: "is on a disk that is full (see df)" };
    if (files > 0 && ffree === 0) {
      return { disk, text: "is on a disk that has no room for another file (see df -i)" };
    }
  } catch {
    // not there yet
  }
  return undefined;
}
