import { createRequire } from "node:module";
import { constants } from "node:os";
import type * as Koffi from "koffi";
import { bindDatagrams, type DatagramCalls } from "./libc-datagrams.ts";

/** The few calls of the C library that Node lacks. Each returns -1 and sets `errno` on failure. */
export interface Libc {
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
  /** False where posix_spawn(3) cannot change the folder: glibc before 2.29, musl before 1.1.24. */
  canSpawnInFolder(): boolean;
  /** posix_spawn(3) in a thread of libuv's pool: `done` gets the pid, or minus the errno. */
  spawnLater(call: SpawnCall, done: (pid: number) => void): void;
  /** kill(2); a negative pid is a group, signal 0 only asks. */
  kill(pid: number, signal: number): number;
  /** waitpid(2) with WNOHANG for one child of ours: 0 while it lives; `status` gets an int. */
  reap(pid: number, status: Buffer): number;
  /**
   * waitid(2) for any child, with WNOHANG and WNOWAIT: the pid of one that is dead, which is not
   * reaped; 0 when all live, -1 when there are none.
   */
  peekDead(): number;
  /** prctl(2) with PR_SET_CHILD_SUBREAPER: whether we get what loses its parent below us. */
  setSubreaper(isOne: boolean): number;
  /**
   * fcntl(2), F_SETLEASE: a lease on a file of ours, until its close; false if somebody else has it
   * open, or the file system has no leases. Whoever opens it in the meantime waits, and the kernel
   * notifies us by a signal that is ignored.
   */
  leaseAlone(fd: number): boolean;
  /** fcntl(2), F_SETFL to O_APPEND alone: reads and writes wait, as programs expect. */
  makeBlocking(fd: number): number;
  /** Our own soft limit of open files (prlimit(2)); undefined: unlimited, or unknown. */
  softOpenFiles(): number | undefined;
  /** Sets it (undefined: to the hard one) for all of our threads, and for children created from then on. */
  setSoftOpenFiles(count: number | undefined): void;
  /** prlimit(2): soft and hard limit of a process; undefined: as it is, Infinity: none. */
  setLimit(pid: number, resource: number, limit: LimitChange): number;
  /** ioprio_set(2) of a process; ENOSYS where its number is not known. */
  setIoPriority(pid: number, priority: number): number;
  /** sched_setaffinity(2); `mask` has a bit for each CPU, the lowest first. */
  setAffinity(pid: number, mask: Buffer): number;
  /** pipe2(2) with O_CLOEXEC: both ends, neither of them 0 to 9; undefined where that fails. */
  pipe(): { readonly read: number; readonly write: number } | undefined;
  /** setsid(2). */
  setSession(): number;
  /** dup2(2). */
  duplicate(fd: number, to: number): number;
  /** What it takes to receive datagrams. */
  datagrams(): DatagramCalls;
  /** sendto(2) with MSG_NOSIGNAL and MSG_DONTWAIT; `address` is a `struct sockaddr_un`. */
  sendTo(fd: number, message: Buffer, address: Buffer): number;
}

/** What becomes of a limit of a process. */
export interface LimitChange {
  readonly soft: number | undefined;
  readonly hard: number | undefined;
}

/** What posix_spawn(3) is to make: the leader of a new session with no signal blocked or ignored. */
export interface SpawnCall {
  /** Path of the executable; a relative one counts from `folder`. */
  readonly file: string;
  readonly argv: readonly string[];
  /** `NAME=value` each. */
  readonly env: readonly string[];
  /** Working directory; undefined: ours. */
  readonly folder: string | undefined;
  /** Descriptors of ours that become 1 and 2; 0 is /dev/null. */
  readonly stdout: number;
  readonly stderr: number;
  /** What becomes 3; undefined: there is none. */
  readonly gate?: number | undefined;
  /** Descriptors that are closed at once; others of ours are by the exec. */
  readonly closed: Iterable<number>;
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
const O_RDONLY = 0;
const WNOHANG = 1;
const WEXITED = 4;
const WNOWAIT = 0x01000000;
const P_ALL = 0;
const PR_SET_CHILD_SUBREAPER = 36;
const RLIMIT_NOFILE = 7;
const IOPRIO_WHO_PROCESS = 1;
/** Its number differs from machine to machine. */
const SYS_ioprio_set: Readonly<Partial<Record<NodeJS.Architecture, number>>> = {
  x64: 251,
  ia32: 289,
  arm: 314,
  arm64: 30,
  riscv64: 30,
  loong64: 30,
  s390x: 282,
  ppc64: 273,
};
const POSIX_SPAWN_SETSIGDEF = 0x04;
const POSIX_SPAWN_SETSIGMASK = 0x08;
/** glibc 2.26, musl 1.1.19. */
const POSIX_SPAWN_SETSID = 0x80;
/** Opaque types of spawn.h and signal.h have at most 336 bytes (glibc and musl, 64 bits). */
const OPAQUE_BYTES = 512;
const F_DUPFD_CLOEXEC = 1030;
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
  const waitpid = self.func("int waitpid(int pid, void *status, int options)");
  const renameat2 = optional(() =>
    self.func("int renameat2(int from, const char *path, int to, const char *other, uint flags)"),
  );
  const mallocTrim = optional(() => self.func("int malloc_trim(size_t pad)"));
  let spawner: Pick<Libc, "spawnLater" | "canSpawnInFolder"> | undefined;
  let limits: Limits | undefined;
  let attributes: Attributes | undefined;
  const ofChildren = (): Attributes => (attributes ??= bindAttributes(koffi, self, syscall));
  let datagrams: DatagramCalls | undefined;
  let peekDead: Libc["peekDead"] | undefined;
  let getxattr: ReturnType<typeof self.func> | undefined;
  const hasInfo = process.env["USRSVC_NO_PIDFD_INFO"] !== "1";
  return {
    errno: () => koffi.errno(),
    trimHeap: () => void mallocTrim?.(0),
    exchange: (path, other) => renameat2?.(AT_FDCWD, path, AT_FDCWD, other, RENAME_EXCHANGE) === 0,
    hasAcl: (path) => {
      getxattr ??= self.func(
        "long getxattr(const char *path, const char *name, void *value, size_t size)",
      );
      return Number(getxattr(path, "system.posix_acl_access", null, 0)) > 0;
    },
    canSpawnInFolder: () => (spawner ??= bindSpawn(self)).canSpawnInFolder(),
    spawnLater: (call, done) => (spawner ??= bindSpawn(self)).spawnLater(call, done),
    kill: (pid, signal) => kill(pid, signal) as number,
    reap: (pid, status) => waitpid(pid, status, WNOHANG) as number,
    peekDead: () => (peekDead ??= bindPeek(koffi, self))(),
    setSubreaper: (isOne) =>
      self.func("int prctl(int option, ulong a, ulong b, ulong c, ulong d)")(
        PR_SET_CHILD_SUBREAPER,
        Number(isOne),
        0,
        0,
        0,
      ) as number,
    leaseAlone: (fd) =>
      fcntl(fd, F_SETSIG, constants.signals.SIGURG) === 0 && fcntl(fd, F_SETLEASE, F_WRLCK) === 0,
    makeBlocking: (fd) => fcntl(fd, F_SETFL, O_APPEND) as number,
    softOpenFiles: () => (limits ??= bindLimits(koffi, self)).softOpenFiles(),
    setSoftOpenFiles: (count) => (limits ??= bindLimits(koffi, self)).setSoftOpenFiles(count),
    setLimit: (pid, resource, limit) =>
      (limits ??= bindLimits(koffi, self)).setLimit(pid, resource, limit),
    setIoPriority: (pid, priority) => ofChildren().setIoPriority(pid, priority),
    setAffinity: (pid, mask) => ofChildren().setAffinity(pid, mask),
    pipe: () => ofChildren().pipe(),
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

/** A function that not every C library has (renameat2: glibc 2.28, musl 1.2.6; malloc_trim: glibc). */
function optional<T>(bind: () => T): T | undefined {
  try {
    return bind();
  } catch {
    return undefined;
  }
}

/** At first use: only those that start programs need it. */
function bindSpawn(self: Koffi.LibraryHandle): Pick<Libc, "spawnLater" | "canSpawnInFolder"> {
  const spawn = self.func(
    "int posix_spawn(_Out_ int *pid, const char *path, const void *actions, const void *attributes, const char **argv, const char **env)",
  );
  const init = self.func("int posix_spawn_file_actions_init(void *actions)");
  const addOpen = self.func(
    "int posix_spawn_file_actions_addopen(void *actions, int fd, const char *path, int flags, uint mode)",
  );
  const addClose = self.func("int posix_spawn_file_actions_addclose(void *actions, int fd)");
  const addDup = self.func("int posix_spawn_file_actions_adddup2(void *actions, int fd, int to)");
  const addFolder = optional(() =>
    self.func("int posix_spawn_file_actions_addchdir_np(void *actions, const char *path)"),
  );
  const destroy = self.func("int posix_spawn_file_actions_destroy(void *actions)");
  const attributes = Buffer.alloc(OPAQUE_BYTES);
  self.func("int posix_spawnattr_init(void *attributes)")(attributes);
  self.func("int posix_spawnattr_setsigmask(void *attributes, const void *set)")(
    attributes,
    Buffer.alloc(OPAQUE_BYTES), // sigemptyset(3) makes nothing but zeros
  );
  self.func("int posix_spawnattr_setsigdefault(void *attributes, const void *set)")(
    attributes,
    // Not sigfillset(3): that leaves out the two signals that glibc keeps for itself and ignores
    // in children.
    Buffer.alloc(OPAQUE_BYTES, 0xff),
  );
  self.func("int posix_spawnattr_setflags(void *attributes, short flags)")(
    attributes,
    POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK,
  );
  return {
    canSpawnInFolder: () => addFolder !== undefined,
    spawnLater({ file, argv, env, folder, stdout, stderr, gate, closed }, done) {
      const actions = Buffer.alloc(OPAQUE_BYTES);
      init(actions);
      for (const fd of closed) addClose(actions, fd);
      addOpen(actions, 0, "/dev/null", O_RDONLY, 0);
      addDup(actions, stdout, 1);
      addDup(actions, stderr, 2);
      if (gate !== undefined) addDup(actions, gate, 3);
      // Last: a folder that hangs is waited for with all else done. All that is marked to be closed
      // on exec stays open until then: the program's lock must be held so long.
      if (folder !== undefined) addFolder?.(actions, folder);
      const pid = [0];
      spawn.async(
        pid,
        file,
        actions,
        attributes,
        [...argv, null],
        [...env, null],
        (error: unknown, errno: number) => {
          destroy(actions);
          done(error ? -constants.errno.EIO : errno === 0 ? (pid[0] ?? 0) : -errno);
        },
      );
    },
  };
}

/** At first use: only those that reap orphans need it. */
function bindPeek(koffi: typeof Koffi, self: Koffi.LibraryHandle): Libc["peekDead"] {
  const waitid = self.func("int waitid(int type, uint id, void *info, int options)");
  const info = new Int32Array(32); // siginfo_t has 128 bytes
  const bytes = Buffer.from(info.buffer);
  const pid = koffi.sizeof("long") === 4 ? 3 : 4; // si_signo, si_errno, si_code, padding, si_pid
  return () => {
    info[pid] = 0;
    const options = WEXITED | WNOHANG | WNOWAIT;
    return (waitid(P_ALL, 0, bytes, options) as number) === 0 ? (info[pid] ?? 0) : -1;
  };
}

type Limits = Pick<Libc, "softOpenFiles" | "setSoftOpenFiles" | "setLimit">;

/** `struct rlimit` is two `rlim_t`, soft and hard, as long as a `long` where nothing else is asked for. */
function bindLimits(koffi: typeof Koffi, self: Koffi.LibraryHandle): Limits {
  const prlimit = self.func("int prlimit(int pid, int resource, const void *to, void *from)");
  const limit = koffi.sizeof("long") === 4 ? new Uint32Array(2) : new BigUint64Array(2);
  const bytes = Buffer.from(limit.buffer);
  const read = (pid = 0, resource = RLIMIT_NOFILE): boolean =>
    prlimit(pid, resource, null, bytes) === 0;
  const put = (index: number, value: number): void => {
    const size = limit.BYTES_PER_ELEMENT;
    if (value === Infinity)
      bytes.fill(0xff, index * size, (index + 1) * size); // RLIM_INFINITY
    else if (limit instanceof BigUint64Array) limit[index] = BigInt(value);
    else limit[index] = value;
  };
  return {
    softOpenFiles() {
      const soft = read() ? Number(limit[0]) : Infinity;
      return soft < 2 ** 31 ? soft : undefined;
    },
    setSoftOpenFiles(count) {
      if (!read()) return;
      if (count === undefined) limit.copyWithin(0, 1);
      else put(0, count);
      prlimit(0, RLIMIT_NOFILE, bytes, null);
    },
    setLimit(pid, resource, { soft, hard }) {
      if (!read(pid, resource)) return -1;
      if (soft !== undefined) put(0, soft);
      if (hard !== undefined) put(1, hard);
      return prlimit(pid, resource, bytes, null) as number;
    },
  };
}

type Attributes = Pick<Libc, "setIoPriority" | "setAffinity" | "pipe">;

/** At first use: only who starts a program with such settings needs it. */
function bindAttributes(
  koffi: typeof Koffi,
  self: Koffi.LibraryHandle,
  syscall: (...args: readonly unknown[]) => unknown,
): Attributes {
  const setaffinity = self.func("int sched_setaffinity(int pid, size_t size, const void *mask)");
  const pipe2 = self.func("int pipe2(void *ends, int flags)");
  const fcntl = self.func("int fcntl(int fd, int command, int argument)");
  const close = self.func("int close(int fd)");
  const ioprioSet = SYS_ioprio_set[process.arch];
  /** Away from the descriptors that a child gets. */
  const high = (fd: number): number => {
    const made = fcntl(fd, F_DUPFD_CLOEXEC, 10) as number;
    close(fd);
    return made;
  };
  return {
    setIoPriority(pid, priority) {
      if (ioprioSet !== undefined)
        return Number(syscall(ioprioSet, IOPRIO_WHO_PROCESS, pid, priority, 0));
      koffi.errno(constants.errno.ENOSYS);
      return -1;
    },
    setAffinity: (pid, mask) => setaffinity(pid, mask.length, mask) as number,
    pipe() {
      const ends = new Int32Array(2);
      if (pipe2(Buffer.from(ends.buffer), CLOEXEC) !== 0) return undefined;
      const [read, write] = [high(ends[0] ?? -1), high(ends[1] ?? -1)];
      if (read >= 0 && write >= 0) return { read, write };
      for (const fd of [read, write]) if (fd >= 0) close(fd);
      return undefined;
    },
  };
}
