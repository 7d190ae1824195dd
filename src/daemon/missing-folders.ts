import { statSync } from "node:fs";
import { dirname } from "node:path";
import type { FaultyProgram, Settings } from "../config/settings.ts";

/**
 * The folders for whose lack programs were set aside when usrsvcd began: they may be those of a disk
 * that is mounted later.
 */
export class MissingFolders {
  #missing: ReadonlySet<string> = new Set();

  constructor(settings: Pick<Settings, "faulty">) {
    this.appeared(settings);
  }

  /** Those that were missing at the last call, and are there by now. */
  appeared({ faulty }: Pick<Settings, "faulty">): readonly string[] {
    if (faulty.size === 0 && this.#missing.size === 0) return [];
    const before = this.#missing;
    const folders = new Set([...faulty.values()].flatMap(foldersOf));
    this.#missing = new Set([...folders].filter((path) => !isFolder(path)));
    return [...before].filter((path) => folders.has(path) && !this.#missing.has(path));
  }
}

function foldersOf({ known }: FaultyProgram): readonly string[] {
  const { directory, pidfile, stdout, stderr } = known;
  const files = [pidfile, stdout, stderr].filter((path) => path !== undefined);
  return [...(directory === undefined ? [] : [directory]), ...files.map((path) => dirname(path))];
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
