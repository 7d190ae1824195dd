import { createRequire } from "node:module";
import { constants } from "node:os";
import type * as Koffi from "koffi";
import { bindOfChildren, type LibcOfChildren, optional } from "./libc-children.ts";
import { bindDatagrams, type DatagramCalls } from "./libc-datagrams.ts";

export type { LimitChange, SpawnCall } from "./libc-children.ts";

/** The few calls of the C library that Node lacks. Each returns -1 and sets `errno` on failure. */
export interface Libc extends LibcOfChildren {
  errno(): number;
  /** flock(2). */
  flock(fd: number, operation: number): number;
  /** pidfd_open(2), Linux 5.3. */
  pidfdOpen(pid: number): number;
  /** pidfd_send_signal(2), Linux 5.1; flags: Linux 6.9. */
  pidfdSendSignal(pidfd: number, signal: number, flags: number): number;
  /** ioctl(2) with a buffer; for pidfds. */
  ioctl(fd: number, request: number, buffer: Buffer): number;
  epollCreate(): number;
  epollCtl(epfd: number, operation: number, fd: number, event: Buffer | null): number;
  /** Blocks in a thread of libuv's pool; `done` gets the number of events, or -1. */
  epollWaitLater(epfd: number, events: Buffer, max: number, done: (count: number) => void): void;
  eventfd(): number;
  /** inotify_init1(2): an instance of its own, which counts for fs.inotify.max_user_instances. */
  inotify(): number;
  /** close_range(2) with CLOSE_RANGE_CLOEXEC, Linux 5.11: no child inherits these descriptors. */
  closeOnExecFrom(first: number): number;
  /** fcntl(2), F_SETFD with FD_CLOEXEC. */
  closeOnExec(fd: number): number;
  /** _exit(2): ends this process at once, whatever its threads wait for. */
  exitNow(code: number): void;
  /** socket(2): AF_UNIX, SOCK_DGRAM, which Node lacks. */
  unixDatagramSocket(): number;
  /** malloc_trim(3): gives free memory back to the kernel, where the C library is glibc. */
  trimHeap(): void;
  /** renameat2(2) with RENAME_EXCHANGE: false where one is missing, or the file system cannot. */
  exchange(path: string, other: string): boolean;
  /** getxattr(2): true where a file has an ACL, so that its mode does not say who may write. */
  hasAcl(path: string): boolean;
  /** kill(2); a negative pid is a group, signal 0 only asks. */
  kill(pid: number, signal: number): number;
  /**
   * fcntl(2), F_SETLEASE: a lease on a file of ours, until its close; false if somebody else has it
   * open, or the file system has no leases. Whoever opens it in the meantime waits, and the kernel
   * notifies us by a signal that is ignored.
   */
  leaseAlone(fd: number): boolean;
  /** fcntl(2), F_SETFL to O_APPEND alone: reads and writes wait, as programs expect. */
  makeBlocking(fd: number): number;
  /** setsid(2). */
  setSession(): number;
  /** dup2(2). */
  duplicate(fd: number, to: number): number;
  /** What it takes to receive datagrams. */
  datagrams(): DatagramCalls;
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
const AT_FDCWD = -100;
const RENAME_EXCHANGE = 1 << 1;
const F_SETFD = 2;
const F_SETFL = 4;
const F_SETSIG = 10;
const F_SETLEASE = 1024;
const F_WRLCK = 1;
const O_APPEND = 0o2000;
const FD_CLOEXEC = 1;
/** EPOLL_CLOEXEC, EFD_CLOEXEC and IN_CLOEXEC are all O_CLOEXEC. */
const CLOEXEC = 0o2000000;

let loaded: Libc | Error | undefined;

/**
 * The C library through koffi, loaded at the first call (7 ms); undefined where koffi has no build
 * for this machine. For tests, `USRSVC_NO_LIBC=1` acts as such a machine, `USRSVC_NO_PIDFD_INFO=1`
 * as one with a kernel before 6.13, on which a pidfd reports nothing.
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
  const exit = self.func("void _exit(int status)");
  const socket = self.func("int socket(int domain, int type, int protocol)");
  const sendto = self.func(
    "long sendto(int fd, const void *message, size_t length, int flags, const void *address, unsigned int addressLength)",
  );
  const eventfd = self.func("int eventfd(unsigned int initial, int flags)");
  const inotify = self.func("int inotify_init1(int flags)");
  const kill = self.func("int kill(int pid, int signal)");
  const renameat2 = optional(() =>
    self.func("int renameat2(int from, const char *path, int to, const char *other, uint flags)"),
  );
  const mallocTrim = optional(() => self.func("int malloc_trim(size_t pad)"));
  let datagrams: DatagramCalls | undefined;
  let getxattr: ReturnType<typeof self.func> | undefined;
  const hasInfo = process.env["USRSVC_NO_PIDFD_INFO"] !== "1";
  return {
    ...bindOfChildren(koffi, self, syscall),
    errno: () => koffi.errno(),
    trimHeap: () => void mallocTrim?.(0),
    exchange: (path, other) => renameat2?.(AT_FDCWD, path, AT_FDCWD, other, RENAME_EXCHANGE) === 0,
    hasAcl: (path) => {
      getxattr ??= self.func(
        "long getxattr(const char *path, const char *name, void *value, size_t size)",
      );
      return Number(getxattr(path, "system.posix_acl_access", null, 0)) > 0;
    },
    kill: (pid, signal) => kill(pid, signal) as number,
    leaseAlone: (fd) =>
      fcntl(fd, F_SETSIG, constants.signals.SIGURG) === 0 && fcntl(fd, F_SETLEASE, F_WRLCK) === 0,
    makeBlocking: (fd) => fcntl(fd, F_SETFL, O_APPEND) as number,
    setSession: () => self.func("int setsid()")() as number,
    duplicate: (fd, to) => self.func("int dup2(int fd, int to)")(fd, to) as number,
    flock: (fd, operation) => flock(fd, operation) as number,
    pidfdOpen: (pid) => Number(syscall(SYS_pidfd_open, pid, 0, 0, 0)),
    pidfdSendSignal: (pidfd, signal, flags) =>
      Number(syscall(SYS_pidfd_send_signal, pidfd, signal, 0, flags)),
    ioctl: (fd, request, buffer) => (hasInfo ? (ioctl(fd, request, buffer) as number) : -1),
    epollCreate: () => epollCreate(CLOEXEC) as number,
    epollCtl: (epfd, operation, fd, event) => epollCtl(epfd, operation, fd, event) as number,
    epollWaitLater: (epfd, events, max, done) =>
      epollWait.async(epfd, events, max, -1, (error: unknown, count: number) =>
        done(error ? -1 : count),
      ),
    eventfd: () => eventfd(0, CLOEXEC) as number,
    inotify: () => inotify(CLOEXEC) as number,
    closeOnExecFrom: (first) =>
      Number(syscall(SYS_close_range, first, LAST_FD, CLOSE_RANGE_CLOEXEC, 0)),
    closeOnExec: (fd) => fcntl(fd, F_SETFD, FD_CLOEXEC) as number,
    exitNow: (code) => exit(code),
    datagrams: () => (datagrams ??= bindDatagrams(koffi, self)),
    unixDatagramSocket: () => socket(AF_UNIX, SOCK_DGRAM | CLOEXEC, 0) as number,
    sendTo: (fd, message, address) =>
      Number(
        sendto(fd, message, message.length, MSG_NOSIGNAL | MSG_DONTWAIT, address, address.length),
      ),
  };
}
