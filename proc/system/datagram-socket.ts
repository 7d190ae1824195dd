import { closeSync, lstatSync, rmSync } from "node:fs";
import { type ControlMessages, parseControl } from "./control-messages.ts";
import { errorName } from "./error-name.ts";
import type { Epoll, Listening } from "./epoll.ts";
import type { Libc } from "./libc.ts";
import { unixAddress } from "./sockaddr_un.ts";

/** A message, and who has sent it. */
export interface Datagram {
  readonly text: string;
  readonly sender: ControlMessages["sender"];
  /** Call it when the message was dealt with: whoever waits for that (a barrier of sd_notify(3)) goes on. */
  readonly done: () => void;
}

/** No message of sd_notify(3) is longer, in bytes; more is cut off. */
const MOST_BYTES = 4096;
/** A sender passes 253 descriptors at most (SCM_MAX_FD). */
const CONTROL_BYTES = 2048;
/** Messages that are read at once; more wait for the next turn of the event loop. */
const AT_ONCE = 64;

/** A socket of datagrams (unix(7)) at a path, at which anybody who may write there can be heard. */
export class DatagramSocket implements Disposable {
  readonly path: string;
  readonly #libc: Libc;
  readonly #fd: number;
  readonly #inode: number;
  readonly #listening: Listening;

  /**
   * What is at the path already is replaced.
   *
   * @throws {Error} with the reason, where there can be no socket
   */
  constructor(c: Libc, epoll: Epoll, path: string, onMessage: (message: Datagram) => void) {
    const address = unixAddress(path);
    if (address === undefined) throw new Error(`${path} is too long for a socket`);
    this.path = path;
    this.#libc = c;
    this.#fd = c.unixDatagramSocket();
    rmSync(path, { force: true });
    const calls = c.datagrams();
    const isOpen =
      this.#fd >= 0 && calls.bind(this.#fd, address) === 0 && calls.passCredentials(this.#fd) === 0;
    if (!isOpen) {
      const code = errorName(c.errno());
      if (this.#fd >= 0) closeSync(this.#fd);
      throw new Error(`no socket at ${path}: ${code}`);
    }
    this.#inode = lstatSync(path).ino;
    this.#listening = epoll.listen(this.#fd, () => {
      this.#read(onMessage);
      this.#listening.again();
    });
  }

  /** False once somebody else has made a socket in its place, or removed it. */
  get isThere(): boolean {
    return lstatSync(this.path, { throwIfNoEntry: false })?.ino === this.#inode;
  }

  [Symbol.dispose](): void {
    if (this.isThere) rmSync(this.path, { force: true });
    this.#listening.stop();
    closeSync(this.#fd);
  }

  #read(onMessage: (message: Datagram) => void): void {
    const message = Buffer.alloc(MOST_BYTES);
    const control = Buffer.alloc(CONTROL_BYTES);
    for (let count = 0; count < AT_ONCE; count += 1) {
      const { bytes, controlBytes } = this.#libc.datagrams().receive(this.#fd, message, control);
      if (bytes < 0) return;
      const wordBytes = process.arch === "arm" || process.arch === "ia32" ? 4 : 8;
      const { sender, descriptors } = parseControl(control.subarray(0, controlBytes), wordBytes);
      const done = (): void => {
        for (const fd of descriptors) closeSync(fd);
      };
      onMessage({ text: message.toString("utf8", 0, bytes), sender, done });
    }
  }
}
