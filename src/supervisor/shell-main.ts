import { type ProcessRef, sameProcess } from "../../proc/pid.ts";
import type { ProcessHandle } from "../../proc/system/process-handle.ts";
import type { Host } from "../host/host.ts";
import type { Found } from "../identity/found.ts";

/** What does the work of a shell line, as far as it was seen: the shell that runs it goes on after its end. */
export class ShellMain {
  readonly #host: Pick<Host, "watcher" | "proc">;
  readonly #onEnd: () => void;
  #process: ProcessRef | undefined;
  #watch: ProcessHandle | undefined;

  /** `onEnd`: its end is no end of the program, but the pidfile is to name it no longer. */
  constructor(host: Pick<Host, "watcher" | "proc">, onEnd: () => void) {
    this.#host = host;
    this.#onEnd = onEnd;
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
      if (this.#watch === watch) this.#onEnd();
    });
  }
}
