import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Home } from "../home.ts";
import { type Commands, type Manager, ManagerProcess } from "../manager.ts";
import { settledByAge } from "./settled.ts";

/** runsvdir takes no more folders than this. */
export const RUNIT_MOST = 1000;
/** runsv waits a second before it starts again what has lived for less than one. */
const AGE_MS = 1100;

/** runit: a runsvdir of ours, with a runsv for each service. */
export class Runit implements Manager {
  readonly name = "runit";
  readonly commands: Commands;
  readonly #home: Home;
  readonly #process: ManagerProcess;
  #scanned = "";
  #all = "";

  constructor(home: Home) {
    this.#home = home;
    this.#process = new ManagerProcess(home);
    const sv = (words: readonly string[], ids: readonly string[]) =>
      ["sv", ...words, ...ids.map((id) => join(this.#scanned, id))] as const;
    this.commands = {
      status: (ids) => sv(["status"], ids),
      stop: (ids) => sv(["-w", "30", "stop"], ids),
      start: (ids) => sv(["-w", "30", "start"], ids),
      // Nothing makes runsvdir look: it does so every 5 s.
      add: (id) => {
        this.#add(id);
        return undefined;
      },
    };
  }

  get pid(): number {
    return this.#process.pid;
  }

  configure(ids: readonly string[]): void {
    this.#all = this.#home.folder("runit-all");
    this.#scanned = this.#home.folder("runit");
    for (const id of ids) this.#add(id);
  }

  launch(): number {
    return this.#process.launch(["runsvdir", "-P", this.#scanned], "ignore");
  }

  async settled(ids: readonly string[]): Promise<void> {
    await settledByAge(this.#home, ids, AGE_MS);
  }

  /** At SIGHUP runsvdir ends the runsv, and they their services. */
  async end(): Promise<void> {
    await this.#process.end("SIGHUP");
  }

  #add(id: string): void {
    const { command, log } = this.#home.services;
    const folder = join(this.#all, id);
    mkdirSync(folder);
    const script = `#!/bin/sh\nexec ${command} ${log} ${id}\n`;
    writeFileSync(join(folder, "run"), script, { mode: 0o755 });
    // All at once, or runsvdir might find the folder without its `run`.
    symlinkSync(folder, join(this.#scanned, id));
  }
}
