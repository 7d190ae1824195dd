import { type ProcessRef, sameProcess } from "../../proc/pid.ts";
import type { ProcessHandle } from "../../proc/system/process-handle.ts";
import type { Host } from "../host/host.ts";
import type { Found } from "../identity/found.ts";
import { monotonicMs } from "../lib/clock.ts";
import type { Mailbox } from "./mailbox.ts";
import type { ProgramEvent } from "./program-state.ts";

/** The step of a shell line that follows one that has ended is there within, in ms. */
const NEXT_STEP_MS = 300;

/** What does the work of a shell line, as far as it was seen: the shell that runs it goes on after its end. */
export class ShellMain {
  readonly #host: Pick<Host, "watcher" | "proc">;
  readonly #mailbox: Mailbox<ProgramEvent>;
  #process: ProcessRef | undefined;
  #watch: ProcessHandle | undefined;

  constructor(host: Pick<Host, "watcher" | "proc">, mailbox: Mailbox<ProgramEvent>) {
    this.#host = host;
    this.#mailbox = mailbox;
  }

  /** What was seen last; undefined where the program is no shell line, or runs nothing yet. */
  get process(): ProcessRef | undefined {
    return this.#process;
  }

  /** What does it now, given a look: what did it may have ended, and the shell goes on. */
  of({ main = this.#process }: Found & { kind: "running" }): ProcessRef | undefined {
    if (main === undefined) return undefined;
    return sameProcess(this.#host.proc.alive(main.pid), main) ? main : undefined;
  }

  /** True where that is known already. */
  is(main: ProcessRef | undefined): boolean {
    return main === undefined ? this.#process === undefined : sameProcess(main, this.#process);
  }

  /** This does the work from now on. */
  set(main: ProcessRef | undefined): void {
    this.#process = main;
    this.#watch?.[Symbol.dispose]();
    const watch = main && this.#host.watcher().open(main);
    this.#watch = watch;
    void watch?.exited.then(() => {
      if (this.#watch === watch) this.#lookForNext();
    });
  }

  /** Its end is no end of the program, but the pidfile is to name it no longer. */
  #lookForNext(): void {
    this.#mailbox.look();
    this.#mailbox.wakeAt(monotonicMs() + NEXT_STEP_MS);
  }
}
