import { execFileSync } from "node:child_process";
import type { Home } from "../home.ts";
import { type Commands, type Manager, ManagerProcess } from "../manager.ts";
import { allProcesses, commandLine, family } from "../processes.ts";
import { waitFor } from "../wait.ts";
import { ServiceFolders } from "./folders.ts";
import { settledByAge } from "./settled.ts";

/** supervise sleeps for a second after each start, and sees neither an end nor a command meanwhile. */
const AGE_MS = 1100;
const END_SECONDS = 5;

/** daemontools: an svscan of ours, with a supervise for each service. */
export class Daemontools implements Manager {
  readonly name = "daemontools";
  readonly commands: Commands;
  readonly #home: Home;
  readonly #process: ManagerProcess;
  readonly #folders: ServiceFolders;

  constructor(home: Home) {
    this.#home = home;
    this.#process = new ManagerProcess(home);
    this.#folders = new ServiceFolders(home, "daemontools");
    this.commands = {
      status: (ids) => ["svstat", ...this.#folders.paths(ids)],
      stop: (ids) => ["svc", "-d", ...this.#folders.paths(ids)],
      stopOnlyAsks: true,
      start: (ids) => ["svc", "-u", ...this.#folders.paths(ids)],
      // Nothing makes svscan look: it does so every 5 s.
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
    return this.#process.launch(["svscan", this.#folders.scanned], "ignore");
  }

  async settled(ids: readonly string[]): Promise<void> {
    await settledByAge(this.#home, ids, AGE_MS);
  }

  /**
   * svscan would leave all of them running: each supervise is told to end its service and itself, out of
   * sight of svscan, or it would start another.
   */
  async end(): Promise<void> {
    if (this.#process.runs) {
      execFileSync("svc", ["-dx", ...this.#folders.hide()], { stdio: "ignore" });
      await this.#untilAlone(this.pid);
    }
    await this.#process.end("SIGTERM");
  }

  /** Not for ever: what is left then is killed. svscan waits for its children every 5 s only. */
  async #untilAlone(svscan: number): Promise<void> {
    const patience = new AbortController().signal; // also after Ctrl-C
    const look = (): true | undefined =>
      family(svscan, allProcesses()).every(
        ({ pid }) => pid === svscan || commandLine(pid).length === 0,
      ) || undefined;
    await waitFor("the end of each supervise", look, patience, END_SECONDS).catch(() => {});
  }
}
