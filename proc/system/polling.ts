import type { Exit } from "../exit.ts";
import { constants } from "node:os";
import { decodeWaitStatus } from "../exit.ts";
import { libc } from "./libc.ts";
import { type Pid, type ProcessRef, sameProcess } from "../pid.ts";
import { type ProcReader, statIfAny } from "../reader.ts";
import { reapChild } from "./reap.ts";
import type { ProcessHandle, ProcessWatcher } from "./process-handle.ts";

const { ESRCH } = constants.errno;

/**
 * What is left without pidfds (Linux before 5.3, or no koffi for this machine): a look at each
 * process every `intervalMs`. Between the look and a signal a pid could be reused; the look is
 * made right before the signal, so the gap is microseconds.
 */
export class PollingWatcher implements ProcessWatcher {
  readonly kind = "polling";
  beforeEnd = (): void => {};
  readonly #reader: ProcReader;
  readonly #intervalMs: number;
  readonly #watches = new Set<PollingWatch>();
  /** Children, whose end is reported: by pid, which is theirs until then. */
  readonly #children = new Map<Pid, { readonly ref: ProcessRef; readonly exited: Promise<Exit> }>();
  #timer: NodeJS.Timeout | undefined;

  constructor(reader: ProcReader, intervalMs = 1000) {
    this.#reader = reader;
    this.#intervalMs = intervalMs;
  }

  open(ref: ProcessRef): ProcessHandle | undefined {
    const child = this.#children.get(ref.pid);
    if (child !== undefined && sameProcess(child.ref, ref)) return this.#watch(ref, child.exited);
    return sameProcess(this.#reader.alive(ref.pid), ref) ? this.#watch(ref, undefined) : undefined;
  }

  /** Registers a new child, whose end Node reports. */
  adopt(pid: Pid, exited: Promise<Exit>): ProcessHandle {
    const ref = { pid, startTime: this.#reader.stat(pid).startTime };
    this.#children.set(pid, { ref, exited });
    void exited.then(() => this.#children.delete(pid));
    return this.#watch(ref, exited);
  }

  isChild(pid: Pid): boolean {
    return this.#children.has(pid);
  }

  /** Needs the C library. Children that Node has created are Node's to reap. */
  reap(pid: Pid): boolean {
    const watches = [...this.#watches].filter(({ ref }) => ref.pid === pid);
    if (watches.length === 0) return false;
    const startTime = statIfAny(this.#reader, pid)?.startTime;
    const meant = watches.filter(({ ref }) => ref.startTime === startTime);
    const c = libc();
    const exit = meant.length === 0 || c === undefined ? "lives" : reapChild(c, pid);
    if (exit === "lives" || exit === "reaped") return false;
    for (const watch of meant) watch.settle(exit);
    return true;
  }

  [Symbol.dispose](): void {
    for (const watch of this.#watches) watch[Symbol.dispose]();
  }

  /** `told` reports the end; without it, the process is polled. */
  #watch(ref: ProcessRef, told: Promise<Exit> | undefined): ProcessHandle {
    const watch = new PollingWatch(ref, this.#reader, told !== undefined, () =>
      this.#forget(watch),
    );
    if (told === undefined) {
      this.#watches.add(watch);
      this.#timer ??= setInterval(() => this.#look(), this.#intervalMs);
    } else void told.then((exit) => watch.settle(exit));
    return watch;
  }

  #look(): void {
    this.beforeEnd();
    for (const watch of this.#watches) watch.look();
  }

  #forget(watch: PollingWatch): void {
    this.#watches.delete(watch);
    if (this.#watches.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

class PollingWatch implements ProcessHandle {
  readonly ref: ProcessRef;
  readonly exited: Promise<Exit>;
  readonly #reader: ProcReader;
  readonly #release: () => void;
  /** Node reports its end. */
  readonly #isTold: boolean;
  #isReleased = false;
  #settle: (exit: Exit) => void = () => {};

  constructor(ref: ProcessRef, reader: ProcReader, isTold: boolean, release: () => void) {
    this.ref = ref;
    this.#reader = reader;
    this.#isTold = isTold;
    this.#release = release;
    this.exited = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  settle(exit: Exit): void {
    if (!this.#isReleased) this.#settle(exit);
  }

  look(): void {
    if (this.#isTold) return;
    try {
      if (sameProcess(this.#reader.alive(this.ref.pid), this.ref)) return;
    } catch {
      return; // no descriptor left for the look (EMFILE): the next one will show it
    }
    this.settle(this.#exit());
  }

  signal(signal: NodeJS.Signals): boolean {
    if (!sameProcess(this.#reader.alive(this.ref.pid), this.ref)) return false;
    return kill(this.ref.pid, signal);
  }

  [Symbol.dispose](): void {
    this.#isReleased = true;
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

/** False where no process is in a group of this number: one call, where a look takes many. */
export function isGroup(leader: Pid): boolean {
  const c = libc();
  if (c !== undefined) return c.kill(-Number(leader), 0) === 0 || c.errno() !== ESRCH;
  try {
    process.kill(-Number(leader), 0); // a thrown error takes twenty times as long
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
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
