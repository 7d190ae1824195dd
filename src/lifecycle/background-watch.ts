import { type ProcessRef, sameProcess } from "../../proc/pid.ts";
import { statIfAny } from "../../proc/reader.ts";
import type { ProcessHandle } from "../../proc/system/process-handle.ts";
import { awaitNotice } from "./exit-notice.ts";
import type { LifecyclePorts } from "./ports.ts";
import type { Lost } from "./start-match.ts";

/** Watches what has gone to the background, and is the program: its end is noticed also between two looks. */
export class BackgroundWatch implements Disposable {
  readonly #host: LifecyclePorts;
  readonly #onEnd: () => void;
  #daemon: ProcessHandle | undefined;
  #lost: Lost | undefined;

  constructor(host: LifecyclePorts, onEnd: () => void) {
    this.#host = host;
    this.#onEnd = onEnd;
  }

  /** What had gone to the background, was the program, and ended. */
  get lost(): Lost | undefined {
    return this.#lost;
  }

  /** This is the program by now; undefined: nothing that went to the background is. */
  follow(daemon: ProcessRef | undefined): void {
    if (daemon !== undefined && sameProcess(this.#daemon?.ref, daemon)) return;
    this.#daemon?.[Symbol.dispose]();
    const watch = daemon && this.#host.watcher().open(daemon);
    const image = (daemon && statIfAny(this.#host.proc, daemon.pid)?.image) || undefined;
    this.#daemon = watch;
    void watch?.exited.then((exit) => {
      this.#lost = { pid: watch.ref.pid, exit, image };
      this.#onEnd();
    });
  }

  /**
   * What is left of a daemon that has failed is no program: how it ended must be known.
   *
   * @returns true when it has ended since the last look, and `lost` tells how, should that be known
   */
  async isGone(signal: AbortSignal): Promise<boolean> {
    if (this.#daemon === undefined || this.#lost?.pid === this.#daemon.ref.pid) return false;
    return await awaitNotice(this.#daemon, this.#host.proc, signal);
  }

  [Symbol.dispose](): void {
    this.#daemon?.[Symbol.dispose]();
  }
}
