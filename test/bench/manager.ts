import { type ChildProcess, spawn, type StdioOptions } from "node:child_process";
import type { Home } from "./home.ts";
import { allProcesses, family, killExactly, type Process } from "./processes.ts";
import { now } from "./wait.ts";

/** A program and its arguments. */
export type CommandLine = readonly [string, ...string[]];

/** What is measured: something that runs services and starts them again. One of it runs at a time. */
export interface Manager {
  readonly name: string;
  /** The process whose family it is. */
  readonly pid: number;
  /** Writes what it needs to know of these services; nothing must run. */
  configure(ids: readonly string[]): void;
  /** Launches it; yields the time before. All services start. */
  launch(): number;
  /** Waits until a kill of these services is an ordinary one, not a failed start. */
  settled(ids: readonly string[]): Promise<void>;
  /** Ends it and all of its services. */
  end(): Promise<void>;
  /** What operators call; a floor has none. */
  readonly commands?: Commands;
}

/** Each yields what is to be run, and is measured from there on. */
export interface Commands {
  status(ids: readonly string[]): CommandLine;
  stop(ids: readonly string[]): CommandLine;
  /** `stop` does not wait: services end after it has exited. */
  readonly stopOnlyAsks?: true;
  start(ids: readonly string[]): CommandLine;
  /** Writes the configuration of one more service; what is to be run then, if anything. */
  add(id: string): CommandLine | undefined;
}

/** The process of a manager: launched, and ended with all that descends from it. */
export class ManagerProcess {
  readonly #home: Home;
  #child: ChildProcess | undefined;

  constructor(home: Home) {
    this.#home = home;
  }

  get pid(): number {
    const child = this.#running;
    if (child?.pid === undefined) throw new Error("what is measured does not run");
    return child.pid;
  }

  /** False before it is launched, and after its end. */
  get runs(): boolean {
    return this.#running !== undefined;
  }

  /** Launches it; yields the time before. */
  launch([file, ...words]: CommandLine, stdio: StdioOptions): number {
    const since = now();
    const child = spawn(file, words, {
      env: this.#home.env,
      cwd: this.#home.path,
      stdio,
      detached: true,
    });
    // No such program: `pid` will say so.
    child.on("error", () => {});
    this.#child = child;
    return since;
  }

  /** Asks it to end, waits, and kills what it left. */
  async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#running;
    this.#child = undefined;
    let rest: readonly Process[] = [];
    if (child?.pid !== undefined) {
      // Helpers need not name our folder: they are known by their parent, as long as it lives.
      rest = family(child.pid, allProcesses());
      const exit = new Promise((resolve) => child.once("exit", resolve));
      child.kill(signal);
      const late = setTimeout(() => child.kill("SIGKILL"), 5000);
      await exit;
      clearTimeout(late);
    }
    killExactly(rest);
    await this.#home.killRest();
  }

  get #running(): ChildProcess | undefined {
    const child = this.#child;
    const runs = child?.pid !== undefined && child.exitCode === null && child.signalCode === null;
    return runs ? child : undefined;
  }
}
