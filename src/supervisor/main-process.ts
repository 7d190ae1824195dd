import type { Exit } from "../../proc/exit.ts";
import { type ProcessRef, sameProcess } from "../../proc/pid.ts";
import type { ProcessHandle } from "../../proc/system/process-handle.ts";
import { awaitNotice } from "../lifecycle/exit-notice.ts";
import type { Host } from "../host/host.ts";
import type { Mailbox } from "./mailbox.ts";
import type { ProgramEvent } from "./program-state.ts";

/** Holds on to the process of one program: its end is noticed at once. */
export class MainProcess {
  readonly #host: Pick<Host, "watcher" | "table" | "proc">;
  readonly #mailbox: Mailbox<ProgramEvent>;
  #watch: ProcessHandle | undefined;
  #leftOut: Disposable | undefined;
  #exit: Exit | undefined;
  #hasEnded = false;
  /** The process whose end was told. */
  #ended: ProcessRef | undefined;
  #exe: string | undefined;

  /** The mailbox is told of the end of a process that is held. */
  constructor(host: Pick<Host, "watcher" | "table" | "proc">, mailbox: Mailbox<ProgramEvent>) {
    this.#host = host;
    this.#mailbox = mailbox;
  }

  /** The process that is held; undefined when there is none, or when it has ended. */
  get process(): ProcessRef | undefined {
    return this.#watch?.ref;
  }

  /** How the process that was held last ended; until the next one is taken. */
  get exit(): Exit | undefined {
    return this.#exit;
  }

  /** The executable of the process that was held last. */
  get exe(): string | undefined {
    return this.#exe;
  }

  /** True once the end of the process was told, until the next one is taken. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Where a look found the process gone, since another end was noticed just then: waits for the notice. */
  async awaitEnd(): Promise<void> {
    if (this.#watch !== undefined) await awaitNotice(this.#watch, this.#host.proc);
  }

  /** Somebody else saw how it ended. */
  noteExit(exit: Exit | undefined): void {
    this.#exit = exit;
  }

  /** Takes `process` in place of the one before. False when it is gone already. */
  take(process: ProcessRef): boolean {
    if (sameProcess(this.process, process)) return true;
    // Its end was told while something else was done, its after_start say: how it ended is still to be asked for.
    if (this.#hasEnded && sameProcess(this.#ended, process)) return false;
    this.release();
    this.#exit = undefined;
    this.#hasEnded = false;
    const watch = this.#host.watcher().open(process);
    this.#watch = watch;
    if (watch === undefined) return false;
    this.#exe = this.#readExe(process);
    this.#leftOut = this.#host.table.leaveOut(process.pid); // it is no candidate for any program
    void watch.exited.then((exit) => {
      if (this.#watch !== watch) return;
      this.release();
      this.#exit = exit;
      this.#hasEnded = true;
      this.#ended = process;
      this.#mailbox.look();
    });
    return true;
  }

  #readExe({ pid }: ProcessRef): string | undefined {
    try {
      return this.#host.proc.exe(pid);
    } catch {
      return undefined; // gone, or hidden
    }
  }

  release(): void {
    this.#watch?.[Symbol.dispose]();
    this.#watch = undefined;
    this.#leftOut?.[Symbol.dispose]();
    this.#leftOut = undefined;
  }
}
