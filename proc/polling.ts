import type { Exit } from "./exit.ts";
import { decodeWaitStatus } from "./exit.ts";
import { sameProcess, type ProcessRef } from "./pid.ts";
import type { ProcReader } from "./reader.ts";
import type { ProcessWatch, ProcessWatcher } from "./watch.ts";

/**
 * What is left without pidfds (Linux before 5.3, or no koffi for this machine): a look at each
 * process every `intervalMs`. Between the look and a signal a pid could be reused; the look is
 * made right before the signal, so the gap is microseconds.
 */
export class PollingWatcher implements ProcessWatcher {
  readonly kind = "polling";
  readonly #reader: ProcReader;
  readonly #intervalMs: number;
  readonly #watches = new Set<PollingWatch>();
  #timer: NodeJS.Timeout | undefined;

  constructor(reader: ProcReader, intervalMs = 1000) {
    this.#reader = reader;
    this.#intervalMs = intervalMs;
  }

  open(ref: ProcessRef): ProcessWatch | undefined {
    if (!sameProcess(this.#reader.alive(ref.pid), ref)) return undefined;
    const watch = new PollingWatch(ref, this.#reader, () => this.#forget(watch));
    this.#watches.add(watch);
    this.#timer ??= setInterval(() => this.#look(), this.#intervalMs);
    return watch;
  }

  [Symbol.dispose](): void {
    for (const watch of this.#watches) watch[Symbol.dispose]();
  }

  #look(): void {
    for (const watch of this.#watches) watch.look();
  }

  #forget(watch: PollingWatch): void {
    this.#watches.delete(watch);
    if (this.#watches.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

class PollingWatch implements ProcessWatch {
  readonly ref: ProcessRef;
  readonly exited: Promise<Exit>;
  readonly #reader: ProcReader;
  readonly #release: () => void;
  #settle: (exit: Exit) => void = () => {};

  constructor(ref: ProcessRef, reader: ProcReader, release: () => void) {
    this.ref = ref;
    this.#reader = reader;
    this.#release = release;
    this.exited = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  look(): void {
    try {
      if (sameProcess(this.#reader.alive(this.ref.pid), this.ref)) return;
    } catch {
      return; // no descriptor left for the look (EMFILE): the next one will tell
    }
    this.#settle(this.#exit());
  }

  signal(signal: NodeJS.Signals): boolean {
    if (!sameProcess(this.#reader.alive(this.ref.pid), this.ref)) return false;
    return kill(this.ref.pid, signal);
  }

  signalGroup(signal: NodeJS.Signals): boolean {
    return signalGroupByNumber(this.#reader, this.ref, signal);
  }

  [Symbol.dispose](): void {
    this.#release();
  }

  #exit(): Exit {
    try {
      const stat = this.#reader.stat(this.ref.pid);
      const zombie = stat.startTime === this.ref.startTime && stat.state === "Z";
      return zombie ? decodeWaitStatus(stat.exitCode) : { kind: "unknown" };
    } catch {
      return { kind: "unknown" };
    }
  }
}

/**
 * Signals the group that `leader` leads or led. The kernel gives the number of a group to no new
 * process while the group has a member, so it is another's only when another has that pid.
 */
export function signalGroupByNumber(
  reader: ProcReader,
  leader: ProcessRef,
  signal: NodeJS.Signals,
): boolean {
  try {
    if (reader.stat(leader.pid).startTime !== leader.startTime) return false;
  } catch {
    // the leader is gone; its group may not be
  }
  return kill(-Number(leader.pid), signal);
}

function kill(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw error;
  }
}
