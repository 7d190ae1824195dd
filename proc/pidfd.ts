import { closeSync, writeSync } from "node:fs";
import { constants, endianness } from "node:os";
import { decodeWaitStatus, type Exit } from "./exit.ts";
import type { Libc } from "./libc.ts";
import { signalGroupByNumber } from "./polling.ts";
import { sameProcess, type ProcessRef } from "./pid.ts";
import type { ProcReader } from "./reader.ts";
import type { ProcessWatch, ProcessWatcher } from "./watch.ts";

const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
const EPOLL_CTL_MOD = 3;
const EPOLLIN = 0x001;
const EPOLLONESHOT = 1 << 30;
/** `struct epoll_event` is packed on x86 only (include/uapi/linux/eventpoll.h). */
const packed = process.arch === "x64" || process.arch === "ia32";
const EVENT_BYTES = packed ? 12 : 16;
const EVENT_DATA = packed ? 4 : 8;
const MAX_EVENTS = 64;
const little = endianness() === "LE";

/** `_IOWR(PIDFS_IOCTL_MAGIC, 11, struct pidfd_info)` of 64 bytes (include/uapi/linux/pidfd.h). */
const PIDFD_GET_INFO = 0xc040ff0b;
const PIDFD_INFO_EXIT = 1n << 3n;
const PIDFD_INFO_BYTES = 64;
const PIDFD_INFO_EXIT_CODE = 60;
/** pidfd_send_signal(2), Linux 6.9: to the group whose leader the pidfd is. */
const PIDFD_SIGNAL_PROCESS_GROUP = 1 << 2;

const { ESRCH, EINVAL, EPERM } = constants.errno;

/** True where the kernel has pidfds (Linux 5.3); some containers forbid them. */
export function hasPidfd(libc: Libc): boolean {
  const fd = libc.pidfdOpen(process.pid);
  if (fd < 0) return false;
  closeSync(fd);
  return true;
}

/**
 * Watches any number of processes with one epoll descriptor and one waiting thread: from the end
 * of a process to the callback about 0.4 ms, at no cost while nothing happens.
 */
export class PidfdWatcher implements ProcessWatcher {
  readonly kind = "pidfd";
  readonly #libc: Libc;
  readonly #reader: ProcReader;
  readonly #epfd: number;
  readonly #wakefd: number;
  readonly #events = Buffer.alloc(EVENT_BYTES * MAX_EVENTS);
  /**
   * By a number that is never given twice: epoll_wait may already have returned, in its thread,
   * for a descriptor that was closed and whose number another watch has got meanwhile.
   */
  readonly #watches = new Map<number, PidfdWatch>();
  #lastNumber = 0;
  /** A thread blocked in epoll_wait would hang process.exit(): it must be woken on every way out. */
  readonly #atExit = (): void => this[Symbol.dispose]();
  #waiting = false;
  #closed = false;

  constructor(libc: Libc, reader: ProcReader) {
    this.#libc = libc;
    this.#reader = reader;
    this.#epfd = libc.epollCreate();
    this.#wakefd = libc.eventfd();
    libc.epollCtl(this.#epfd, EPOLL_CTL_ADD, this.#wakefd, epollEvent(EPOLLIN, 0));
    process.once("exit", this.#atExit);
  }

  open(ref: ProcessRef): ProcessWatch | undefined {
    const fd = this.#libc.pidfdOpen(ref.pid);
    if (fd < 0) return undefined;
    // The pid may have been given to another process before the open: only the start time tells.
    if (!sameProcess(this.#reader.alive(ref.pid), ref)) {
      closeSync(fd);
      return undefined;
    }
    this.#lastNumber = (this.#lastNumber + 1) % 0xffffffff || 1;
    const number = this.#lastNumber;
    const release = (): void => this.#forget(number, fd);
    const watch = new PidfdWatch(ref, fd, this.#libc, this.#reader, release);
    this.#watches.set(number, watch);
    this.#listen(EPOLL_CTL_ADD, number, fd);
    this.#wait();
    return watch;
  }

  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    process.off("exit", this.#atExit);
    for (const watch of this.#watches.values()) watch[Symbol.dispose]();
    // The waiting thread must let go of the descriptors before they are closed.
    if (this.#waiting) writeSync(this.#wakefd, eventfdOne());
    else this.#close();
  }

  #wait(): void {
    if (this.#waiting || this.#closed) return;
    this.#waiting = true;
    this.#libc.epollWaitLater(this.#epfd, this.#events, MAX_EVENTS, (count) => {
      this.#waiting = false;
      if (this.#closed) {
        this.#close();
        return;
      }
      // -1 is EINTR (SIGSTOP and SIGCONT cause it): go on waiting.
      const ready = readyNumbers(this.#events, count);
      this.#wait();
      for (const number of ready) this.#ended(number);
    });
  }

  /** The look decides: a notice about a process that lives is listened for again. */
  #ended(number: number): void {
    const watch = this.#watches.get(number);
    if (watch === undefined) return;
    if (sameProcess(this.#reader.alive(watch.ref.pid), watch.ref)) {
      this.#listen(EPOLL_CTL_MOD, number, watch.fd);
    } else {
      watch.ended();
    }
  }

  #listen(operation: number, number: number, fd: number): void {
    this.#libc.epollCtl(this.#epfd, operation, fd, epollEvent(EPOLLIN | EPOLLONESHOT, number));
  }

  #forget(number: number, fd: number): void {
    if (!this.#watches.delete(number)) return;
    this.#libc.epollCtl(this.#epfd, EPOLL_CTL_DEL, fd, null);
    closeSync(fd);
  }

  #close(): void {
    closeSync(this.#epfd);
    closeSync(this.#wakefd);
  }
}

class PidfdWatch implements ProcessWatch {
  readonly ref: ProcessRef;
  readonly exited: Promise<Exit>;
  readonly fd: number;
  readonly #libc: Libc;
  readonly #reader: ProcReader;
  readonly #release: () => void;
  #settle: (exit: Exit) => void = () => {};
  #released = false;

  constructor(ref: ProcessRef, fd: number, libc: Libc, reader: ProcReader, release: () => void) {
    this.ref = ref;
    this.fd = fd;
    this.#libc = libc;
    this.#reader = reader;
    this.#release = release;
    this.exited = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  ended(): void {
    this.#settle(this.#exit());
  }

  signal(signal: NodeJS.Signals): boolean {
    return this.#send(signal, 0);
  }

  signalGroup(signal: NodeJS.Signals): boolean {
    return this.#send(signal, PIDFD_SIGNAL_PROCESS_GROUP);
  }

  [Symbol.dispose](): void {
    this.#released = true;
    this.#release();
  }

  #send(signal: NodeJS.Signals, flags: number): boolean {
    if (this.#released)
      throw new TypeError(`signal to ${this.ref.pid} after its watch was released`);
    if (this.#libc.pidfdSendSignal(this.fd, constants.signals[signal], flags) === 0) return true;
    const errno = this.#libc.errno();
    if (errno === ESRCH) return false;
    if (errno === EINVAL && flags !== 0) {
      return signalGroupByNumber(this.#reader, this.ref, signal); // before Linux 6.9
    }
    const code = errno === EPERM ? "not permitted" : `errno ${errno}`;
    throw new Error(`cannot send ${signal} to process ${this.ref.pid}: ${code}`);
  }

  /** A zombie shows its wait status; one that is reaped tells it through the pidfd (Linux 6.15). */
  #exit(): Exit {
    const stat = safeStat(this.#reader, this.ref);
    if (stat?.startTime === this.ref.startTime && stat.state === "Z") {
      return decodeWaitStatus(stat.exitCode);
    }
    const info = Buffer.alloc(PIDFD_INFO_BYTES);
    writeU64(info, PIDFD_INFO_EXIT);
    if (this.#released || this.#libc.ioctl(this.fd, PIDFD_GET_INFO, info) !== 0) {
      return { kind: "unknown" };
    }
    const mask = little ? info.readBigUInt64LE(0) : info.readBigUInt64BE(0);
    if ((mask & PIDFD_INFO_EXIT) === 0n) return { kind: "unknown" };
    const status = little
      ? info.readInt32LE(PIDFD_INFO_EXIT_CODE)
      : info.readInt32BE(PIDFD_INFO_EXIT_CODE);
    return decodeWaitStatus(status);
  }
}

function safeStat(reader: ProcReader, ref: ProcessRef): ReturnType<ProcReader["stat"]> | undefined {
  try {
    return reader.stat(ref.pid);
  } catch {
    return undefined; // gone, or its text was cut while it went
  }
}

/** `struct epoll_event`: what to listen for, and the number to be told then (0: the wake-up). */
function epollEvent(events: number, number: number): Buffer {
  const event = Buffer.alloc(EVENT_BYTES);
  if (little) {
    event.writeUInt32LE(events, 0);
    event.writeUInt32LE(number, EVENT_DATA);
  } else {
    event.writeUInt32BE(events, 0);
    event.writeUInt32BE(number, EVENT_DATA);
  }
  return event;
}

function readyNumbers(events: Buffer, count: number): readonly number[] {
  const numbers: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const at = index * EVENT_BYTES + EVENT_DATA;
    numbers.push(little ? events.readUInt32LE(at) : events.readUInt32BE(at));
  }
  return numbers;
}

function eventfdOne(): Buffer {
  const one = Buffer.alloc(8);
  writeU64(one, 1n);
  return one;
}

function writeU64(buffer: Buffer, value: bigint): void {
  if (little) buffer.writeBigUInt64LE(value, 0);
  else buffer.writeBigUInt64BE(value, 0);
}
