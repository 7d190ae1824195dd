import { closeSync } from "node:fs";
import { constants, endianness, release } from "node:os";
import type { Epoll, Listening } from "./epoll.ts";
import { decodeWaitStatus, type Exit } from "../exit.ts";
import type { Libc } from "./libc.ts";
import { type Pid, type ProcessRef, sameProcess } from "../pid.ts";
import { type ProcReader, statIfAny } from "../reader.ts";
import { reapChild } from "./reap.ts";
import { isDead, type Stat } from "../stat.ts";
import type { ProcessHandle, ProcessWatcher } from "./process-handle.ts";

const little = endianness() === "LE";

/** `_IOWR(PIDFS_IOCTL_MAGIC, 11, struct pidfd_info)` of 64 bytes (include/uapi/linux/pidfd.h). */
const PIDFD_GET_INFO = 0xc040ff0b;
const PIDFD_INFO_EXIT = 1n << 3n;
const PIDFD_INFO_BYTES = 64;
const PIDFD_INFO_EXIT_CODE = 60;

const { ESRCH, EPERM } = constants.errno;

/** Interval of looks at a dead child that a debugger keeps, in ms. */
const TRACED_LOOK_MS = 1000;

/** Linux 6.15: from then on a pidfd reports how a process ended, whoever has reaped it. */
const TELLS_ENDS = [6, 15] as const;

/** True where the kernel has pidfds (Linux 5.3); some containers forbid them. */
export function hasPidfd(libc: Libc): boolean {
  const fd = libc.pidfdOpen(process.pid);
  if (fd < 0) return false;
  closeSync(fd);
  return true;
}

/**
 * True where a pidfd reports how any process ended; elsewhere only its parent learns it. Only the
 * version of a kernel shows whether it does so.
 */
export function tellsEnds(libc: Libc, version = release()): boolean {
  const [major = 0, minor = 0] = version.split(".").map((part) => Number.parseInt(part, 10));
  const [wantedMajor, wantedMinor] = TELLS_ENDS;
  const isNew = major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
  if (!isNew) return false;
  const fd = libc.pidfdOpen(process.pid);
  if (fd < 0) return false;
  const info = Buffer.alloc(PIDFD_INFO_BYTES);
  writeU64(info, PIDFD_INFO_EXIT);
  const isTold = libc.ioctl(fd, PIDFD_GET_INFO, info) === 0;
  closeSync(fd);
  return isTold;
}

/**
 * Watches any number of processes by their pidfds: from the end of a process to the callback about
 * 0.4 ms, at no cost while nothing happens. All that watch one process share its pidfd.
 *
 * Children that we have created are reaped here, each by its own pid and never "any": libuv waits
 * for its own. The Reaper takes care of those that we have adopted.
 */
export class PidfdWatcher implements ProcessWatcher {
  readonly kind = "pidfd";
  beforeEnd = (): void => {};
  readonly #libc: Libc;
  readonly #epoll: Epoll;
  readonly #reader: ProcReader;
  readonly #held = new Map<Pid, Held>();

  constructor(libc: Libc, epoll: Epoll, reader: ProcReader) {
    this.#libc = libc;
    this.#epoll = epoll;
    this.#reader = reader;
  }

  open(ref: ProcessRef): ProcessHandle | undefined {
    const held = this.#held.get(ref.pid);
    if (held !== undefined && sameProcess(held.ref, ref)) return held.watch();
    const fd = this.#libc.pidfdOpen(ref.pid);
    if (fd < 0) return undefined;
    // The pid may have been given to another process before the open: only the start time decides.
    if (!sameProcess(this.#reader.alive(ref.pid), ref)) {
      closeSync(fd);
      return undefined;
    }
    return this.#hold(new Held(ref, fd, false, this.#libc)).watch();
  }

  /**
   * Takes charge of a child that was just created: it is reaped when it ends, watched or not.
   *
   * @throws when there is no descriptor for it; then the caller has to end it
   */
  adopt(pid: Pid): ProcessHandle {
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

  reap(pid: Pid): boolean {
    const held = this.#held.get(pid);
    if (held === undefined) return false;
    // Until its notice comes, one that is gone may be held although another process has its pid by now.
    const isIt = held.isChild || statIfAny(this.#reader, pid)?.startTime === held.ref.startTime;
    const exit = isIt ? this.#reap(held) : undefined;
    if (exit !== undefined) held.end(exit);
    return exit !== undefined;
  }

  /** Children that live on are left alone: init reaps them when we are gone. */
  [Symbol.dispose](): void {
    for (const held of this.#held.values()) held.close();
  }

  #hold(held: Held): Held {
    const { pid } = held.ref;
    this.#held.set(pid, held);
    held.onLook = () => {
      if (!held.isClosed && !held.isChild) this.beforeEnd();
      if (held.isClosed) return true;
      const exit = held.isChild ? this.#reap(held) : this.#look(held);
      if (exit !== undefined) held.end(exit);
      return exit !== undefined;
    };
    held.listening = this.#epoll.listen(held.fd, () => {
      if (!held.onLook()) held.listening?.again();
    });
    held.onClose = () => {
      if (this.#held.get(pid) === held) this.#held.delete(pid);
    };
    return held;
  }

  #reap(held: Held): Exit | undefined {
    const exit = reapChild(this.#libc, held.ref.pid);
    if (exit === "lives") return this.#lookAtTraced(held);
    return exit === "reaped" ? this.#exitOfReaped(held) : exit; // somebody else reaped it
  }

  /** One that a debugger keeps is dead nevertheless: it is ours to reap when the debugger releases it. */
  #lookAtTraced({ ref }: Held): Exit | undefined {
    const stat = statIfAny(this.#reader, ref.pid);
    if (stat === undefined || !isDead(stat)) return undefined;
    const reapLater = (): void => {
      setTimeout(() => {
        const isIt = statIfAny(this.#reader, ref.pid)?.startTime === ref.startTime;
        if (isIt && reapChild(this.#libc, ref.pid) === "lives") reapLater();
      }, TRACED_LOOK_MS).unref();
    };
    reapLater();
    return decodeWaitStatus(stat.exitCode);
  }

  /** The look decides: a notice about a process that lives is listened for again. */
  #look(held: Held): Exit | undefined {
    const stat = statIfAny(this.#reader, held.ref.pid);
    const isIt = stat?.startTime === held.ref.startTime;
    if (isIt && !isDead(stat)) return undefined;
    if (isIt && isZombie(stat)) return decodeWaitStatus(stat.exitCode);
    const exit = this.#exitOfReaped(held);
    // While it is being reaped (state X) the pidfd does not say it yet.
    return isIt && exit.kind === "unknown" ? undefined : exit;
  }

  /** A reaped process has its wait status in the pidfd (Linux 6.15). */
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

/** The pidfd of one process, with all that watch it. */
class Held {
  readonly ref: ProcessRef;
  readonly fd: number;
  /** Ours to reap: it is held until its end, watched or not. */
  readonly isChild: boolean;
  readonly #libc: Libc;
  readonly #watches = new Set<PidfdWatch>();
  listening: Listening | undefined;
  onClose: () => void = () => {};
  /** Ends it where its process has ended; false while that lives. */
  onLook: () => boolean = () => false;
  #isClosed = false;

  constructor(ref: ProcessRef, fd: number, isChild: boolean, libc: Libc) {
    this.ref = ref;
    this.fd = fd;
    this.isChild = isChild;
    this.#libc = libc;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  watch(): ProcessHandle {
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

class PidfdWatch implements ProcessHandle {
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

  look(): void {
    if (!this.#isReleased) this.#held.onLook();
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
