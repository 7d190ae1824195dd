import { closeSync, writeSync } from "node:fs";
import { endianness } from "node:os";
import type { Libc } from "./libc.ts";

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

/** A descriptor that is listened for. */
export interface Listening {
  /** Listens for one more notice: after each, nothing is reported until this is called. */
  again(): void;
  /** Listens no more. Call it before the descriptor is closed. */
  stop(): void;
}

/**
 * Listens for any number of descriptors with one epoll descriptor and one waiting thread: costs
 * nothing while nothing happens.
 */
export class Epoll implements Disposable {
  readonly #libc: Libc;
  readonly #epfd: number;
  readonly #wakefd: number;
  readonly #events = Buffer.alloc(EVENT_BYTES * MAX_EVENTS);
  /**
   * By a number that is never reused: epoll_wait may already have returned, in its thread,
   * for a descriptor that was closed and whose number another one has got in the meantime.
   */
  readonly #listeners = new Map<number, () => void>();
  #lastNumber = 0;
  /** A thread blocked in epoll_wait would hang process.exit(): it must be woken on every way out. */
  readonly #atExit = (): void => this[Symbol.dispose]();
  #waiting = false;
  #closed = false;

  constructor(libc: Libc) {
    this.#libc = libc;
    this.#epfd = libc.epollCreate();
    this.#wakefd = libc.eventfd();
    libc.epollCtl(this.#epfd, EPOLL_CTL_ADD, this.#wakefd, epollEvent(EPOLLIN, 0));
    process.once("exit", this.#atExit);
  }

  /** Calls `onReady` once when there is something to read from `fd`, or its end. */
  listen(fd: number, onReady: () => void): Listening {
    this.#lastNumber = (this.#lastNumber + 1) % 0xffffffff || 1;
    const number = this.#lastNumber;
    this.#listeners.set(number, onReady);
    const control = (operation: number): void => {
      const event = epollEvent(EPOLLIN | EPOLLONESHOT, number); // not kept: there may be thousands
      this.#libc.epollCtl(this.#epfd, operation, fd, event);
    };
    control(EPOLL_CTL_ADD);
    this.#wait();
    return {
      again: () => control(EPOLL_CTL_MOD),
      stop: () => {
        if (!this.#listeners.delete(number)) return;
        this.#libc.epollCtl(this.#epfd, EPOLL_CTL_DEL, fd, null);
      },
    };
  }

  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    process.off("exit", this.#atExit);
    this.#listeners.clear();
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
      // -1 is EINTR (SIGSTOP and SIGCONT cause it): keep waiting.
      const ready = readyNumbers(this.#events, count);
      this.#wait();
      for (const number of ready) this.#listeners.get(number)?.();
    });
  }

  #close(): void {
    closeSync(this.#epfd);
    closeSync(this.#wakefd);
  }
}

/** `struct epoll_event`: what to listen for, and the number to report then (0: the wake-up). */
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
  if (little) one.writeBigUInt64LE(1n);
  else one.writeBigUInt64BE(1n);
  return one;
}
