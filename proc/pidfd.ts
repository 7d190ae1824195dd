import { closeSync } from "node:fs";
import { constants, endianness } from "node:os";
import type { Epoll, Listening } from "./epoll.ts";
import { decodeWaitStatus, type Exit } from "./exit.ts";
import type { Libc } from "./libc.ts";
import { type Pid, type ProcessRef, sameProcess } from "./pid.ts";
import { type ProcReader, statIfAny } from "./reader.ts";
import { isDead, type Stat } from "./stat.ts";
import type { ProcessWatch, ProcessWatcher } from "./watch.ts";

const little = endianness() === "LE";

/** `_IOWR(PIDFS_IOCTL_MAGIC, 11, struct pidfd_info)` of 64 bytes (include/uapi/linux/pidfd.h). */
const PIDFD_GET_INFO = 0xc040ff0b;
const PIDFD_INFO_EXIT = 1n << 3n;
const PIDFD_INFO_BYTES = 64;
const PIDFD_INFO_EXIT_CODE = 60;

const { ESRCH, EPERM } = constants.errno;

/** True where the kernel has pidfds (Linux 5.3); some containers forbid them. */
export function hasPidfd(libc: Libc): boolean {
  const fd = libc.pidfdOpen(process.pid);
  if (fd < 0) return false;
  closeSync(fd);
  return true;
}

/**
 * Watches any number of processes by their pidfds: from the end of a process to the callback about
 * 0.4 ms, at no cost while nothing happens. All who watch one process share its pidfd.
 *
 * Children are reaped here, each by its own pid and never "any": libuv waits for its own ones.
 */
export class PidfdWatcher implements ProcessWatcher {
  readonly kind = "pidfd";
  readonly #libc: Libc;
  readonly #epoll: Epoll;
  readonly #reader: ProcReader;
  readonly #held = new Map<Pid, Held>();

  constructor(libc: Libc, epoll: Epoll, reader: ProcReader) {
    this.#libc = libc;
    this.#epoll = epoll;
    this.#reader = reader;
  }

  open(ref: ProcessRef): ProcessWatch | undefined {
    const held = this.#held.get(ref.pid);
    if (held !== undefined && sameProcess(held.ref, ref)) return held.watch();
    const fd = this.#libc.pidfdOpen(ref.pid);
    if (fd < 0) return undefined;
    // The pid may have been given to another process before the open: only the start time tells.
    if (!sameProcess(this.#reader.alive(ref.pid), ref)) {
      closeSync(fd);
      return undefined;
    }
    return this.#hold(new Held(ref, fd, false, this.#libc)).watch();
  }

  /**
   * Takes charge of a child that was made just now: it is reaped when it ends, watched or not.
   *
   * @throws when there is no descriptor for it; then it is the caller's to end
   */
  adopt(pid: Pid): ProcessWatch {
    const fd = this.#libc.pidfdOpen(pid);
    if (fd < 0) throw new Error(`pidfd_open: errno ${this.#libc.errno()}`);
    try {
      // It may be dead by now, but nobody has reaped it.
      const { startTime } = this.#reader.stat(pid);
      return this.#hold(new Held({ pid, startTime }, fd, true, this.#libc)).watch();
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  isChild(pid: Pid): boolean {
    return this.#held.get(pid)?.isChild === true;
  }

  /** Children that live on are left alone: init reaps them when we are gone. */
  [Symbol.dispose](): void {
    for (const held of this.#held.values()) held.close();
  }

  #hold(held: Held): Held {
    const { pid } = held.ref;
    this.#held.set(pid, held);
    held.listening = this.#epoll.listen(held.fd, () => {
      const exit = held.isChild ? this.#reap(held) : this.#look(held);
      if (exit === undefined) held.listening?.again();
      else held.end(exit);
    });
    held.onClose = () => {
      if (this.#held.get(pid) === held) this.#held.delete(pid);
    };
    return held;
  }

  #reap(held: Held): Exit | undefined {
    const status = Buffer.alloc(4);
    const pid = this.#libc.reap(held.ref.pid, status);
    if (pid === 0) return undefined;
    if (pid < 0) return this.#exitOfReaped(held); // somebody else did
    return decodeWaitStatus(little ? status.readInt32LE() : status.readInt32BE());
  }

  /** The look decides: a notice about a process that lives is listened for again. */
  #look(held: Held): Exit | undefined {
    const stat = statIfAny(this.#reader, held.ref.pid);
    const isIt = stat?.startTime === held.ref.startTime;
    if (isIt && !isDead(stat)) return undefined;
    return isIt && isZombie(stat) ? decodeWaitStatus(stat.exitCode) : this.#exitOfReaped(held);
  }

  /** One that is reaped tells its wait status through the pidfd (Linux 6.15). */
  #exitOfReaped({ fd }: Held): Exit {
    const info = Buffer.alloc(PIDFD_INFO_BYTES);
    writeU64(info, PIDFD_INFO_EXIT);
    if (this.#libc.ioctl(fd, PIDFD_GET_INFO, info) !== 0) return { kind: "unknown" };
    const mask = little ? info.readBigUInt64LE(0) : info.readBigUInt64BE(0);
    if ((mask & PIDFD_INFO_EXIT) === 0n) return { kind: "unknown" };
    const status = little
      ? info.readInt32LE(PIDFD_INFO_EXIT_CODE)
      : info.readInt32BE(PIDFD_INFO_EXIT_CODE);
    return decodeWaitStatus(status);
  }
}

function isZombie(stat: Stat): boolean {
  return stat.state === "Z";
}

/** The pidfd of one process, with all who watch it. */
class Held {
  readonly ref: ProcessRef;
  readonly fd: number;
  /** Ours to reap: it is held until its end, watched or not. */
  readonly isChild: boolean;
  readonly #libc: Libc;
  readonly #watches = new Set<PidfdWatch>();
  listening: Listening | undefined;
  onClose: () => void = () => {};
  #isClosed = false;

  constructor(ref: ProcessRef, fd: number, isChild: boolean, libc: Libc) {
    this.ref = ref;
    this.fd = fd;
    this.isChild = isChild;
    this.#libc = libc;
  }

  watch(): ProcessWatch {
    const watch = new PidfdWatch(this, () => {
      this.#watches.delete(watch);
      if (this.#watches.size === 0 && !this.isChild) this.close();
    });
    this.#watches.add(watch);
    return watch;
  }

  end(exit: Exit): void {
    this.close();
    for (const watch of this.#watches) watch.settle(exit);
    this.#watches.clear();
  }

  send(signal: NodeJS.Signals): boolean {
    if (this.#isClosed) return false;
    if (this.#libc.pidfdSendSignal(this.fd, constants.signals[signal], 0) === 0) return true;
    const errno = this.#libc.errno();
    if (errno === ESRCH) return false;
    const code = errno === EPERM ? "not permitted" : `errno ${errno}`;
    throw new Error(`cannot send ${signal} to process ${this.ref.pid}: ${code}`);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.listening?.stop();
    closeSync(this.fd);
    this.onClose();
  }
}

class PidfdWatch implements ProcessWatch {
  readonly ref: ProcessRef;
  readonly exited: Promise<Exit>;
  readonly #held: Held;
  readonly #release: () => void;
  #isReleased = false;
  settle: (exit: Exit) => void = () => {};

  constructor(held: Held, release: () => void) {
    this.ref = held.ref;
    this.#held = held;
    this.#release = release;
    this.exited = new Promise((resolve) => {
      this.settle = resolve;
    });
  }

  signal(signal: NodeJS.Signals): boolean {
    if (this.#isReleased) {
      throw new TypeError(`signal to ${this.ref.pid} after its watch was released`);
    }
    return this.#held.send(signal);
  }

  [Symbol.dispose](): void {
    this.#isReleased = true;
    this.#release();
  }
}

function writeU64(buffer: Buffer, value: bigint): void {
  if (little) buffer.writeBigUInt64LE(value, 0);
  else buffer.writeBigUInt64BE(value, 0);
}
