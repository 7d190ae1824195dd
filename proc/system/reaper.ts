import type { ChildProcess } from "node:child_process";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Libc } from "./libc.ts";
import type { Pid } from "../pid.ts";
import { reapChild } from "./reap.ts";
import type { Spawner } from "./spawner.ts";
import type { ProcessWatcher } from "./process-handle.ts";

/** Maximum number of processes reaped in one turn of the event loop. */
const REAPED_A_TURN = 256;

/**
 * Reaps the children that we did not create: orphans that the kernel gives to us, as PID 1 or as a child
 * subreaper, and what was there when we were executed. Whoever watches one is notified how it ended. It looks
 * when the kernel says that a child has ended (SIGCHLD), and costs nothing while none does.
 *
 * Never "any child": Node waits for what it has created (such as sendmail), and what we launch ourselves
 * is its watcher's, which does not know it before the launch is done. A dead child is looked at first,
 * and reaped only when it is neither.
 */
export class Reaper implements Disposable {
  readonly #libc: Pick<Libc, "peekDead" | "reap">;
  readonly #watcher: ProcessWatcher;
  readonly #spawner: Pick<Spawner, "underway">;
  /** Children of Node whose end it has not reported yet. */
  readonly #nodes = new Set<ChildProcess>();
  #isOver = false;
  readonly #look = (): void => this.look();
  readonly #noteNodes = (message: unknown): void => {
    const { process: child } = message as { readonly process: ChildProcess };
    this.#nodes.add(child);
    const forget = (): void => {
      this.#nodes.delete(child);
      this.look(); // it may have stood in the way of others
    };
    child.once("exit", forget).once("error", forget);
  };

  /** Must be created before Node has any child. */
  constructor(
    libc: Pick<Libc, "peekDead" | "reap">,
    watcher: ProcessWatcher,
    spawner: Pick<Spawner, "underway">,
  ) {
    this.#libc = libc;
    this.#watcher = watcher;
    this.#spawner = spawner;
    subscribe("child_process", this.#noteNodes);
    process.on("SIGCHLD", this.#look);
    watcher.beforeEnd = this.#look;
  }

  /** Reaps all that are dead. */
  look(): void {
    if (this.#isOver) return;
    for (let count = 0; count < REAPED_A_TURN; count += 1) {
      const pid = this.#libc.peekDead();
      // One of another watcher hides those behind it until that has reaped it: then we look again.
      if (pid <= 0 || !this.#reap(pid as Pid)) return;
    }
    setImmediate(this.#look);
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    unsubscribe("child_process", this.#noteNodes);
    process.off("SIGCHLD", this.#look);
    this.#watcher.beforeEnd = () => {};
  }

  #reap(pid: Pid): boolean {
    if ([...this.#nodes].some((child) => child.pid === pid)) return false;
    if (this.#watcher.reap(pid)) return true;
    const underway = this.#spawner.underway(pid);
    if (underway !== undefined) {
      void underway.then(this.#look);
      return false;
    }
    return typeof reapChild(this.#libc, pid) === "object"; // otherwise it cannot be reaped, and nothing is left to do
  }
}
