import { createRequire } from "node:module";
import type * as Koffi from "koffi";

/** The few calls of the C library that Node lacks. Each returns -1 and sets `errno` on failure. */
export interface Libc {
  errno(): number;
  /** flock(2). */
  flock(fd: number, operation: number): number;
  /** pidfd_open(2), Linux 5.3. */
  pidfdOpen(pid: number): number;
  /** pidfd_send_signal(2), Linux 5.1; flags: Linux 6.9. */
  pidfdSendSignal(pidfd: number, signal: number, flags: number): number;
  /** ioctl(2) with a buffer. */
  ioctl(fd: number, request: number, buffer: Buffer): number;
  epollCreate(): number;
  epollCtl(epfd: number, operation: number, fd: number, event: Buffer | null): number;
  /** Blocks in a thread of libuv's pool; `done` gets the number of events, or -1. */
  epollWaitLater(epfd: number, events: Buffer, max: number, done: (count: number) => void): void;
  eventfd(): number;
  /** close_range(2) with CLOSE_RANGE_CLOEXEC, Linux 5.11: no child inherits these descriptors. */
  closeOnExecFrom(first: number): number;
  /** fcntl(2), F_SETFD with FD_CLOEXEC. */
  closeOnExec(fd: number): number;
  /** socket(2): AF_UNIX, SOCK_DGRAM, which Node has no words for. */
  unixDatagramSocket(): number;
  /** sendto(2) with MSG_NOSIGNAL and MSG_DONTWAIT; `address` is a `struct sockaddr_un`. */
  sendTo(fd: number, message: Buffer, address: Buffer): number;
}

/** Linux numbers these system calls alike on all machines (include/uapi/asm-generic/unistd.h). */
const SYS_pidfd_send_signal = 424;
const SYS_pidfd_open = 434;
const SYS_close_range = 436;
const CLOSE_RANGE_CLOEXEC = 1 << 2;
const LAST_FD = 0xffffffff;
const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const MSG_NOSIGNAL = 0x4000;
const MSG_DONTWAIT = 0x40;
const F_SETFD = 2;
const FD_CLOEXEC = 1;
/** EPOLL_CLOEXEC and EFD_CLOEXEC are both O_CLOEXEC. */
const CLOEXEC = 0o2000000;

let loaded: Libc | Error | undefined;

/**
 * The C library through koffi, loaded at the first call (7 ms); undefined where koffi has no build
 * for this machine. `USRSVC_NO_LIBC=1` acts as such a machine.
 */
export function libc(): Libc | undefined {
  loaded ??= process.env["USRSVC_NO_LIBC"] === "1" ? new Error("USRSVC_NO_LIBC=1") : load();
  return loaded instanceof Error ? undefined : loaded;
}

/** Why `libc()` is undefined. */
export function libcFailure(): string | undefined {
  return loaded instanceof Error ? loaded.message : undefined;
}

function load(): Libc | Error {
  try {
    return bind();
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function bind(): Libc {
  const koffi = createRequire(import.meta.filename)("koffi") as typeof Koffi;
  const self = koffi.load(null); // node itself is linked with the C library: glibc or musl
  const syscall = self.func("long syscall(long number, long a, long b, long c, long d)");
  const flock = self.func("int flock(int fd, int operation)");
  const ioctl = self.func("int ioctl(int fd, unsigned long request, void *argument)");
  const epollCreate = self.func("int epoll_create1(int flags)");
  const epollCtl = self.func("int epoll_ctl(int epfd, int op, int fd, void *event)");
  const epollWait = self.func("int epoll_wait(int epfd, void *events, int max, int timeout)");
  const fcntl = self.func("int fcntl(int fd, int command, int argument)");
  const socket = self.func("int socket(int domain, int type, int protocol)");
  const sendto = self.func(
    "long sendto(int fd, const void *message, size_t length, int flags, const void *address, unsigned int addressLength)",
  );
  const eventfd = self.func("int eventfd(unsigned int initial, int flags)");
  return {
    errno: () => koffi.errno(),
    flock: (fd, operation) => flock(fd, operation) as number,
    pidfdOpen: (pid) => Number(syscall(SYS_pidfd_open, pid, 0, 0, 0)),
    pidfdSendSignal: (pidfd, signal, flags) =>
      Number(syscall(SYS_pidfd_send_signal, pidfd, signal, 0, flags)),
    ioctl: (fd, request, buffer) => ioctl(fd, request, buffer) as number,
    epollCreate: () => epollCreate(CLOEXEC) as number,
    epollCtl: (epfd, operation, fd, event) => epollCtl(epfd, operation, fd, event) as number,
    epollWaitLater: (epfd, events, max, done) =>
      epollWait.async(epfd, events, max, -1, (error: unknown, count: number) =>
        done(error ? -1 : count),
      ),
    eventfd: () => eventfd(0, CLOEXEC) as number,
    closeOnExecFrom: (first) =>
      Number(syscall(SYS_close_range, first, LAST_FD, CLOSE_RANGE_CLOEXEC, 0)),
    closeOnExec: (fd) => fcntl(fd, F_SETFD, FD_CLOEXEC) as number,
    unixDatagramSocket: () => socket(AF_UNIX, SOCK_DGRAM | CLOEXEC, 0) as number,
    sendTo: (fd, message, address) =>
      Number(
        sendto(fd, message, message.length, MSG_NOSIGNAL | MSG_DONTWAIT, address, address.length),
      ),
  };
}
