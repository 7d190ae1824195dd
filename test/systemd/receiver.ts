import { closeSync, rmSync } from "node:fs";
import koffi from "koffi";
import { libc } from "../../proc/system/libc.ts";
import { unixAddress } from "../../proc/system/sockaddr_un.ts";

const self = koffi.load(null);
const bind = self.func("int bind(int fd, const void *address, unsigned int length)");
const recv = self.func("long recv(int fd, void *buffer, size_t length, int flags)");
const MSG_DONTWAIT = 0x40;

/** The receiving end of NOTIFY_SOCKET: a datagram socket bound to a path or an abstract name. */
export class Receiver implements Disposable {
  /** What was received. */
  arrived: string[] = [];
  readonly #fd: number;
  readonly #path: string;
  #isOpen = true;

  constructor(path: string) {
    const address = unixAddress(path);
    const fd = libc()?.unixDatagramSocket();
    if (address === undefined || fd === undefined) throw new TypeError(`no socket for ${path}`);
    if (bind(fd, address, address.length) !== 0) throw new Error(`bind ${path}: ${koffi.errno()}`);
    this.#fd = fd;
    this.#path = path;
  }

  /** Receives what is there. */
  look(): void {
    const buffer = Buffer.alloc(65_536);
    for (;;) {
      const length = Number(recv(this.#fd, buffer, buffer.length, MSG_DONTWAIT));
      if (length < 0) return;
      this.arrived.push(buffer.toString("utf8", 0, length));
    }
  }

  /** Receives what is there, and returns all that has arrived. */
  take(): readonly string[] {
    this.look();
    return this.arrived;
  }

  [Symbol.dispose](): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    closeSync(this.#fd);
    if (this.#path.startsWith("/")) rmSync(this.#path, { force: true });
  }
}
