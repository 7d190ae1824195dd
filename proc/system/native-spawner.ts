import { closeSync, writeSync } from "node:fs";
import { constants } from "node:os";
import { setAttributes } from "./attributes.ts";
import { Calls } from "./calls.ts";
import { sealDescriptors, uninherited } from "./descriptors.ts";
import type { Libc } from "./libc.ts";
import { LoweredLimit } from "./lowered-limit.ts";
import type { Pid } from "../pid.ts";
import type { PidfdWatcher } from "./pidfd.ts";
import { type ProcReader, statIfAny } from "../reader.ts";
import { reapChild } from "./reap.ts";
import { ageMs } from "../uptime.ts";
import type { ProcessHandle } from "./process-handle.ts";
import type { Spawner, SpawnOrder } from "./spawner.ts";

/** Maximum number of threads of libuv's pool that may hang; some must be left for others. */
const MOST_STUCK = 6;
/** Time to wait for an exec, in ms: it takes milliseconds, unless a file system does not respond. */
const EXEC_PATIENCE_MS = 10_000;
/** Time after which a child that was killed because its exec hung counts as stuck, in ms. */
const KILL_GRACE_MS = 1000;
/** Number of descriptors that we may open while children are created. */
const SPARE_DESCRIPTORS = 128;
const { ETIMEDOUT } = constants.errno;

/**
 * By posix_spawn(3), in a thread: it returns when the exec is done, which takes 0.1 ms of it and may
 * take for ever. Node's own spawn copies the page tables of all of Node, on the main thread.
 */
export class NativeSpawner implements Spawner {
  readonly #libc: Libc;
  readonly #watcher: PidfdWatcher;
  readonly #reader: ProcReader;
  readonly #limit: LoweredLimit;
  readonly #patienceMs: number;
  /** Threads that wait for what can neither be executed nor killed. */
  #stuck = 0;
  /** Children that were killed because their exec hung, and whose call has not returned yet. */
  readonly #killed = new Set<Pid>();
  readonly #calls: Calls;

  constructor(
    libc: Libc,
    watcher: PidfdWatcher,
    reader: ProcReader,
    patienceMs = EXEC_PATIENCE_MS,
  ) {
    this.#libc = libc;
    this.#watcher = watcher;
    this.#reader = reader;
    this.#limit = new LoweredLimit(libc);
    this.#calls = new Calls(reader);
    this.#patienceMs = patienceMs;
  }

  get entersFolders(): boolean {
    return this.#libc.canSpawnInFolder();
  }

  /**
   * Children inherit our own limit, which is lowered for a moment. The lowest number that was free
   * says how many are in use: there must be room below the limit for what we open in the meantime.
   */
  limitsOpenFiles(openFiles: number, fd: number): boolean {
    return fd + SPARE_DESCRIPTORS < openFiles || this.#limit.isAsLow(openFiles);
  }

  underway(pid: Pid): Promise<void> | undefined {
    return this.#calls.behind(pid);
  }

  async spawn(order: SpawnOrder): Promise<ProcessHandle> {
    return await this.#calls.make(async () => await this.#spawn(order));
  }

  async #spawn(order: SpawnOrder): Promise<ProcessHandle> {
    if (this.#stuck >= MOST_STUCK) throw hangs(order.file);
    if (order.held === undefined) return this.#adopt(await this.#execute(order, undefined), order);
    const ends = this.#libc.pipe();
    if (ends === undefined) throw systemError(this.#libc.errno(), order.file);
    let gate: number | undefined = ends.read;
    try {
      const pid = await this.#execute(order, gate);
      closeSync(gate);
      gate = undefined;
      return this.#letGo(pid, order, ends.write);
    } finally {
      if (gate !== undefined) closeSync(gate);
      closeSync(ends.write);
    }
  }

  /** Sets up what is held, and lets it go on. */
  #letGo(pid: number, order: SpawnOrder, gate: number): ProcessHandle {
    const { held } = order;
    try {
      if (pid > 0 && held !== undefined) setAttributes(pid, held, this.#libc);
    } catch (error) {
      this.#clearAway(pid);
      throw error;
    }
    const handle = this.#adopt(pid, order);
    writeSync(gate, "\n");
    return handle;
  }

  #adopt(pid: number, order: SpawnOrder): ProcessHandle {
    if (pid < 0) throw systemError(-pid, order.file);
    try {
      return this.#watcher.adopt(pid as Pid);
    } catch (cause) {
      this.#clearAway(pid); // nobody could wait for it, or signal it safely
      throw Object.assign(new Error(`${order.file}: ${(cause as Error).message}`, { cause }), {
        code: "EMFILE",
      });
    }
  }

  /** Yields the pid, or minus the errno. */
  async #execute(order: SpawnOrder, gate: number | undefined): Promise<number> {
    const { file, argv, env, directory, stdout, stderr } = order;
    const call = { file, argv, env, folder: directory, stdout, stderr, gate, closed: uninherited };
    sealDescriptors(this.#libc);
    const raise = this.#limit.lower(order.openFiles);
    let isGivenUp = false;
    let settle = (): void => {};
    const over = new Promise<void>((resolve) => {
      settle = resolve;
    });
    return await new Promise((resolve, reject) => {
      let patience = setTimeout(() => {
        try {
          this.#killUnexecuted();
        } catch {
          // no descriptor is left for a look: given up anyway
        }
        patience = setTimeout(() => {
          isGivenUp = true;
          this.#stuck += 1;
          raise();
          reject(Object.assign(hangs(file), { over }));
        }, KILL_GRACE_MS);
      }, this.#patienceMs);
      this.#libc.spawnLater(call, (pid) => {
        clearTimeout(patience);
        raise();
        settle();
        if (isGivenUp) this.#stuck -= 1;
        const hung = this.#killed.delete(pid as Pid) || isGivenUp;
        if (hung && pid > 0) this.#clearAway(pid);
        resolve(hung ? -ETIMEDOUT : pid);
      });
    });
  }

  /**
   * Until the exec is done a child shares our memory, and so shows our command line and environment
   * (unlike another usrsvcd, which a program of ours has left to us); its pid is not known yet.
   * Which of several it is does not matter: all that are as old hang.
   */
  #killUnexecuted(): void {
    const reader = this.#reader;
    const uptime = reader.uptime();
    const ours = memoryOf(reader, process.pid as Pid);
    for (const pid of reader.pids()) {
      const stat = statIfAny(reader, pid);
      if (stat?.ppid !== process.pid || this.#watcher.isChild(pid)) continue;
      if (ageMs(stat.startTime, uptime) < this.#patienceMs / 2) continue;
      try {
        if (memoryOf(reader, pid) !== ours) continue;
        process.kill(pid, "SIGKILL");
        this.#killed.add(pid);
      } catch {
        // gone in the meantime
      }
    }
  }

  /** While it is a child of ours, the pid cannot be another's. */
  #clearAway(pid: number): void {
    if (reapChild(this.#libc, pid as Pid) !== "lives") return;
    process.kill(pid, "SIGKILL");
    setTimeout(() => this.#clearAway(pid), KILL_GRACE_MS).unref();
  }
}

/** Arguments and environment, as they are in the memory of a process. */
function memoryOf(reader: ProcReader, pid: Pid): string {
  return JSON.stringify([reader.cmdline(pid), [...reader.environ(pid)]]);
}

function hangs(file: string): NodeJS.ErrnoException {
  return systemError(ETIMEDOUT, file);
}

function systemError(errno: number, what: string): NodeJS.ErrnoException {
  const [code = `errno ${errno}`] =
    Object.entries(constants.errno).find(([, value]) => value === errno) ?? [];
  return Object.assign(new Error(`${what}: ${code}`), { code });
}
