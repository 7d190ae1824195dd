import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Home } from "../home.ts";

/**
 * Services as runsvdir and svscan look for them, every 5 s and at most 1000: in a folder that has a folder
 * with a program `run` for each.
 */
export class ServiceFolders {
  readonly #home: Home;
  readonly #name: string;
  #all = "";
  #scanned = "";

  /** `name` is what the folder is called in the home. */
  constructor(home: Home, name: string) {
    this.#home = home;
    this.#name = name;
  }

  /** The folder that is looked through. */
  get scanned(): string {
    return this.#scanned;
  }

  /** Makes it anew, with these services. */
  configure(ids: readonly string[]): void {
    this.#all = this.#home.freshFolder(`${this.#name}-all`);
    this.#scanned = this.#home.freshFolder(this.#name);
    for (const id of ids) this.add(id);
  }

  add(id: string): void {
    const { command, log } = this.#home.services;
    const folder = join(this.#all, id);
    mkdirSync(folder);
    const script = `#!/bin/sh\nexec ${command} ${log} ${id}\n`;
    writeFileSync(join(folder, "run"), script, { mode: 0o755 });
    // All at once, or the folder might be found without its `run`.
    symlinkSync(folder, join(this.#scanned, id));
  }

  /** Takes all of them out of sight; yields the folders, in which they still run. */
  hide(): readonly string[] {
    this.#home.folder(this.#name);
    return readdirSync(this.#all).map((id) => join(this.#all, id));
  }

  /** How commands name these services. */
  paths(ids: readonly string[]): readonly string[] {
    return ids.map((id) => join(this.#scanned, id));
  }
}
