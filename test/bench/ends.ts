import { closeSync } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import koffi from "koffi";
import { TimeoutError } from "./wait.ts";

const SYS_pidfd_open = 434;
const POLLIN = 1;
const SLICE_MS = 100;

/**
 * The ends of processes. A look every few ms would be too coarse for a figure, and one CPU less for
 * those who end them: a pidfd becomes readable when its process ends (pidfd_open(2)).
 */
export class Ends implements Disposable {
  readonly #pidfds: readonly number[];

  constructor(pids: readonly number[]) {
    const opened = pids.map((pid) => Number(syscall(SYS_pidfd_open, pid, 0)));
    this.#pidfds = opened.filter((fd) => fd >= 0); // gone already
  }

  /** Waits until all have ended. */
  async wait(signal: AbortSignal, seconds = 30): Promise<void> {
    const end = performance.now() + seconds * 1000;
    for (const fd of this.#pidfds) {
      while (!hasEnded(fd)) {
        await turn(); // or no signal would come
        signal.throwIfAborted();
        if (performance.now() > end) {
          throw new TimeoutError(`${this.#pidfds.length} ends: not within ${seconds} s`);
        }
      }
    }
  }

  [Symbol.dispose](): void {
    for (const fd of this.#pidfds) closeSync(fd);
  }
}

/** Blocks for a slice of time at most. */
function hasEnded(pidfd: number): boolean {
  const one = Buffer.alloc(8); // struct pollfd: int fd, short events, short revents
  one.writeInt32LE(pidfd, 0);
  one.writeInt16LE(POLLIN, 4);
  return poll(one, 1, SLICE_MS) === 1;
}

const libc = koffi.load(null);
const syscall = libc.func("long syscall(long number, long a, long b)");
const poll = libc.func("int poll(_Inout_ uint8_t *fds, unsigned long count, int timeout)");
