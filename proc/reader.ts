import {
  closeSync,
  existsSync,
  open,
  read,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
} from "node:fs";
import { endianness } from "node:os";
import { parsePageSize } from "./auxv.ts";
import { parseCmdline } from "./cmdline.ts";
import { parseEnviron } from "./environ.ts";
import { ProcError } from "./error.ts";
import { parseLastPid } from "./loadavg.ts";
import { parseForks } from "./forks.ts";
import { parsePid, type Pid, type ProcessRef } from "./pid.ts";
import { parseSmapsRollup, type SmapsRollup } from "./smaps_rollup.ts";
import { isDead, parseStat, type Stat } from "./stat.ts";
import { parseStatmResident } from "./statm.ts";
import { parseThreadGroup, parseUids } from "./status.ts";
import { parseUptime } from "./uptime.ts";

/** Reads what the kernel says about processes. Each call may throw a {@link ProcError}. */
export interface ProcReader {
  /** All pids of this pid namespace. */
  pids(): readonly Pid[];
  /** Never waits for the process's memory lock. */
  stat(pid: Pid): Stat;
  /** The process that has this pid now; undefined when none has, or when it is a zombie. */
  alive(pid: Pid): ProcessRef | undefined;
  /** Effective user id: the owner of the folder `/proc/<pid>` (proc_pid(5)). */
  uid(pid: Pid): number;
  /** Real, effective, saved and file system user id. */
  uids(pid: Pid): readonly number[];
  /** May hang with the process's memory lock (a process in mid-exec or in mid-core-dump). */
  cmdline(pid: Pid): readonly string[];
  /** The environment as of the last exec. May hang as `cmdline` may. */
  environ(pid: Pid): ReadonlyMap<string, string>;
  /** Waits as `cmdline` does, without stalling others; walks the page tables, so it is expensive. */
  smapsRollup(pid: Pid): Promise<SmapsRollup>;
  /** Resident memory in bytes; cheap, and never smaller than the private one. Does not hang. */
  residentBytes(pid: Pid): number;
  /** The process that a thread belongs to; for a process its own pid. */
  threadGroup(pid: Pid): number;
  /** Seconds since boot. */
  uptime(): number;
  /** Changes with each boot (random(4)), and with each start of the container that we are in. */
  bootId(): string;
  /** The pid assigned last; undefined if /proc does not contain it. */
  lastPid(): number | undefined;
  /** How many processes and threads were created since boot; undefined if /proc does not contain it. */
  forks(): number | undefined;
  /** Pids are assigned in turn up to this number (proc_sys_kernel(5)). */
  pidMax(): number;
  /** Path of the executable, as `/proc/<pid>/exe` links to it. */
  exe(pid: Pid): string;
  /** Working directory, as `/proc/<pid>/cwd` links to it. */
  cwd(pid: Pid): string;
}

/** A reader of the /proc that is mounted at `root`; tests pass a folder of fixtures. */
export function procReader(root = "/proc"): ProcReader {
  const text = (path: string): string => reading(path, () => readFileSync(path, "utf8"));
  let bootId: string | undefined;
  let pageBytes: number | undefined;
  let pidMax: number | undefined;

  const stat = (pid: Pid): Stat => {
    const path = `${root}/${pid}/stat`;
    return parseStat(text(path), path);
  };

  return {
    pids: () =>
      reading(root, () => readdirSync(root))
        .map(parsePid)
        .filter((pid) => pid !== undefined),
    stat,
    alive(pid) {
      if (!existsSync(`${root}/${pid}`)) return undefined; // about half of the time, and cheaper than an error
      try {
        const found = stat(pid);
        return isDead(found) ? undefined : { pid, startTime: found.startTime };
      } catch (error) {
        if (error instanceof ProcError && error.code === "gone") return undefined;
        throw error;
      }
    },
    uid(pid) {
      const path = `${root}/${pid}`;
      const found = reading(path, () => statSync(path, { throwIfNoEntry: false }));
      if (found === undefined) throw new ProcError("gone", path, "no such process");
      return found.uid;
    },
    uids(pid) {
      const path = `${root}/${pid}/status`;
      return parseUids(text(path), path);
    },
    cmdline: (pid) => parseCmdline(text(`${root}/${pid}/cmdline`)),
    environ: (pid) => parseEnviron(text(`${root}/${pid}/environ`)),
    async smapsRollup(pid) {
      const path = `${root}/${pid}/smaps_rollup`;
      return parseSmapsRollup(await oneRecord(path), path);
    },
    residentBytes(pid) {
      pageBytes ??= parsePageSize(readFileSync("/proc/self/auxv"), endianness() === "LE");
      const path = `${root}/${pid}/statm`;
      return parseStatmResident(text(path), path) * pageBytes;
    },
    threadGroup(pid) {
      const path = `${root}/${pid}/status`;
      return parseThreadGroup(text(path), path);
    },
    uptime: () => parseUptime(text(`${root}/uptime`)),
    bootId() {
      bootId ??= text(`${root}/sys/kernel/random/boot_id`).trim() + containerId(root, stat);
      return bootId;
    },
    lastPid: () => parseLastPid(text(`${root}/loadavg`)),
    forks: () => parseForks(text(`${root}/stat`)),
    pidMax: () => (pidMax ??= Number(text(`${root}/sys/kernel/pid_max`))),
    exe: (pid) => reading(`${root}/${pid}/exe`, () => readlinkSync(`${root}/${pid}/exe`)),
    cwd: (pid) => reading(`${root}/${pid}/cwd`, () => readlinkSync(`${root}/${pid}/cwd`)),
  };
}

/** The pid namespace of the machine itself has this number (PROC_PID_INIT_INO of the kernel). */
const MACHINE = "pid:[4026531836]";

/** In a pid namespace of its own, a container begins with its process 1, while the machine keeps running. */
function containerId(root: string, stat: ProcReader["stat"]): string {
  try {
    const namespace = readlinkSync(`${root}/self/ns/pid`);
    return namespace === MACHINE ? "" : `-${stat(1 as Pid).startTime}`;
  } catch {
    return ""; // a kernel without namespaces, or process 1 is not ours to see
  }
}

/** The `stat` of a process; undefined if reading it throws: gone, or truncated while it was going. */
export function statIfAny(proc: Pick<ProcReader, "stat">, pid: Pid): Stat | undefined {
  try {
    return proc.stat(pid);
  } catch {
    return undefined;
  }
}

/** Size of the buffer for smaps_rollup, in bytes: more than any kernel writes (700), which it does at once. */
const RECORD_BYTES = 2048;

/**
 * Reads a file that the kernel returns in one piece: with half of the steps of `readFile`, which
 * matters when the memory of a thousand processes is measured. Does not stall others.
 */
function oneRecord(path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    open(path, (notOpened, fd) => {
      if (notOpened !== null) {
        reject(asProcError(path, notOpened));
        return;
      }
      const buffer = Buffer.allocUnsafe(RECORD_BYTES);
      read(fd, buffer, 0, RECORD_BYTES, null, (error, length) => {
        closeSync(fd);
        if (error === null) resolve(buffer.toString("latin1", 0, length));
        else reject(asProcError(path, error));
      });
    });
  });
}

function reading<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw asProcError(path, error);
  }
}

/** ESRCH comes when a process leaves between open and read; ENOENT when it had left before. */
function asProcError(path: string, cause: unknown): unknown {
  const code = (cause as NodeJS.ErrnoException).code;
  if (code === "ENOENT" || code === "ESRCH") {
    return new ProcError("gone", path, "no such process", { cause });
  }
  if (code === "EACCES" || code === "EPERM") {
    return new ProcError("denied", path, "not ours to read", { cause });
  }
  return cause;
}
