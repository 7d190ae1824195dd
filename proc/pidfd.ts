import { closeSync } from "node:fs";
import { constants, endianness } from "node:os";
import type { Epoll } from "./epoll.ts";
import { decodeWaitStatus, type Exit } from "./exit.ts";
import type { Libc } from "./libc.ts";
import { signalGroupByNumber } from "./polling.ts";
import { sameProcess, type ProcessRef } from "./pid.ts";
import { type ProcReader, statIfAny } from "./reader.ts";
import { isDead, type Stat } from "./stat.ts";
import type { ProcessWatch, ProcessWatcher } from "./watch.ts";

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
 * Watches any number of processes by their pidfds: from the end of a process to the callback about
 * 0.4 ms, at no cost while nothing happens.
 */
export class PidfdWatcher implements ProcessWatcher {
  readonly kind = "pidfd";
  readonly #libc: Libc;
  readonly #epoll: Epoll;
  readonly #reader: ProcReader;
  readonly #watches = new Set<PidfdWatch>();

  constructor(libc: Libc, epoll: Epoll, reader: ProcReader) {
    this.#libc = libc;
    this.#epoll = epoll;
    this.#reader = reader;
  }

  open(ref: ProcessRef): ProcessWatch | undefined {
    const fd = this.#libc.pidfdOpen(ref.pid);
    if (fd < 0) return undefined;
    // The pid may have been given to another process before the open: only the start time tells.
    if (!sameProcess(this.#reader.alive(ref.pid), ref)) {
      closeSync(fd);
      return undefined;
    }
    const listening = this.#epoll.listen(fd, () => {
      // The look decides: a notice about a process that lives is listened for again.
      const stat = statIfAny(this.#reader, ref.pid);
      const lives = stat !== undefined && !isDead(stat) && stat.startTime === ref.startTime;
      if (lives) listening.again();
      else watch.ended(stat);
    });
    const watch: PidfdWatch = new PidfdWatch(ref, fd, this.#libc, this.#reader, () => {
      if (!this.#watches.delete(watch)) return;
      listening.stop();
      closeSync(fd);
    });
    this.#watches.add(watch);
    return watch;
  }

  [Symbol.dispose](): void {
    for (const watch of this.#watches) watch[Symbol.dispose]();
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

  /** `stat`: what /proc shows of it still. */
  ended(stat: Stat | undefined): void {
    this.#settle(this.#exit(stat));
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
  #exit(stat: Stat | undefined): Exit {
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

function writeU64(buffer: Buffer, value: bigint): void {
  if (little) buffer.writeBigUInt64LE(value, 0);
  else buffer.writeBigUInt64BE(value, 0);
}
