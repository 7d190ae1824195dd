import { constants } from "node:os";
import type * as Koffi from "koffi";

/** The calls of the C library for who creates children, and reaps them. Only libc.ts binds them. */
export interface LibcOfChildren {
  /** False where posix_spawn(3) cannot change the folder: glibc before 2.29, musl before 1.1.24. */
  canSpawnInFolder(): boolean;
  /** posix_spawn(3) in a thread of libuv's pool: `done` gets the pid, or minus the errno. */
  spawnLater(call: SpawnCall, done: (pid: number) => void): void;
  /** waitpid(2) with WNOHANG for one child of ours: 0 while it lives; `status` gets an int. */
  reap(pid: number, status: Buffer): number;
  /**
   * waitid(2) for any child, with WNOHANG and WNOWAIT: the pid of one that is dead, which is not
   * reaped; 0 when all live, -1 when there are none.
   */
  peekDead(): number;
  /** prctl(2) with PR_SET_CHILD_SUBREAPER: whether we get what loses its parent below us. */
  setSubreaper(isOne: boolean): number;
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
/** O_CLOEXEC. */
const CLOEXEC = 0o2000000;

/** Binds most of them when they are first called: few need all of them. */
export function bindOfChildren(
  koffi: typeof Koffi,
  self: Koffi.LibraryHandle,
  syscall: (...args: readonly unknown[]) => unknown,
): LibcOfChildren {
  const waitpid = self.func("int waitpid(int pid, void *status, int options)");
  let spawner: Spawn | undefined;
  let limits: Limits | undefined;
  let attributes: Attributes | undefined;
  const ofChildren = (): Attributes => (attributes ??= bindAttributes(koffi, self, syscall));
  let peekDead: LibcOfChildren["peekDead"] | undefined;
  return {
    canSpawnInFolder: () => (spawner ??= bindSpawn(self)).canSpawnInFolder(),
    spawnLater: (call, done) => (spawner ??= bindSpawn(self)).spawnLater(call, done),
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
    softOpenFiles: () => (limits ??= bindLimits(koffi, self)).softOpenFiles(),
    setSoftOpenFiles: (count) => (limits ??= bindLimits(koffi, self)).setSoftOpenFiles(count),
    setLimit: (pid, resource, limit) =>
      (limits ??= bindLimits(koffi, self)).setLimit(pid, resource, limit),
    setIoPriority: (pid, priority) => ofChildren().setIoPriority(pid, priority),
    setAffinity: (pid, mask) => ofChildren().setAffinity(pid, mask),
    pipe: () => ofChildren().pipe(),
  };
}

/** A function that not every C library has (renameat2: glibc 2.28, musl 1.2.6; malloc_trim: glibc). */
export function optional<T>(bind: () => T): T | undefined {
  try {
    return bind();
  } catch {
    return undefined;
  }
}

type Spawn = Pick<LibcOfChildren, "spawnLater" | "canSpawnInFolder">;

function bindSpawn(self: Koffi.LibraryHandle): Spawn {
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

function bindPeek(koffi: typeof Koffi, self: Koffi.LibraryHandle): LibcOfChildren["peekDead"] {
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

type Limits = Pick<LibcOfChildren, "softOpenFiles" | "setSoftOpenFiles" | "setLimit">;

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

type Attributes = Pick<LibcOfChildren, "setIoPriority" | "setAffinity" | "pipe">;

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
