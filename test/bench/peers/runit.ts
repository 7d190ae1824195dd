import type { Home } from "../home.ts";
import { type Commands, type Manager, ManagerProcess } from "../manager.ts";
import { ServiceFolders } from "./folders.ts";
import { settledByAge } from "./settled.ts";

/** runsv waits a second before it starts again what has lived for less than one. */
const AGE_MS = 1100;

/** runit: a runsvdir of ours, with a runsv for each service. */
export class Runit implements Manager {
  readonly name = "runit";
  readonly commands: Commands;
  readonly #home: Home;
  readonly #process: ManagerProcess;
  readonly #folders: ServiceFolders;

  constructor(home: Home) {
    this.#home = home;
    this.#process = new ManagerProcess(home);
    this.#folders = new ServiceFolders(home, "runit");
    const sv = (words: readonly string[], ids: readonly string[]) =>
      ["sv", ...words, ...this.#folders.paths(ids)] as const;
    this.commands = {
      status: (ids) => sv(["status"], ids),
      stop: (ids) => sv(["-w", "30", "stop"], ids),
      start: (ids) => sv(["-w", "30", "start"], ids),
      // Nothing makes runsvdir look: it does so every 5 s.
      add: (id) => {
        this.#folders.add(id);
        return undefined;
      },
    };
  }

  get pid(): number {
    return this.#process.pid;
  }

  configure(ids: readonly string[]): void {
    this.#folders.configure(ids);
  }

  launch(): number {
    return this.#process.launch(["runsvdir", "-P", this.#folders.scanned], "ignore");
  }

  async settled(ids: readonly string[]): Promise<void> {
    await settledByAge(this.#home, ids, AGE_MS);
  }

  /** At SIGHUP runsvdir ends the runsv, and they their services. */
  async end(): Promise<void> {
    await this.#process.end("SIGHUP");
  }
}
