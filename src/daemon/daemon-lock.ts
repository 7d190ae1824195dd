import { readdirSync, readlinkSync, type Stats, statSync } from "node:fs";
import { dirname } from "node:path";
import { placeNote } from "../state/daemon-alive.ts";
import type { Emitter } from "../events/event.ts";
import { type Lock, tryLock } from "../state/lock.ts";
import { foreignState, makeStateDir, type StateDir } from "../state/state-dir.ts";

/** Is notified of what has become of a lock. */
export interface DaemonLockListener extends Emitter {
  /** The file was deleted and is ours again: what lay beside it may be gone as well. */
  retaken(): void;
  /** False: the configuration file is gone. */
  isConfigThere(): boolean;
  /** Another usrsvcd has it, or it is somewhere else for good. */
  lost(): void;
}

/** Number of looks in a row after which the folder is gone for good: a deployment may move all away for a moment. */
const LOOKS_AWAY = 2;

/** Keeps a second usrsvcd out of a state folder, even when somebody deletes the folder. */
export class DaemonLock implements Disposable {
  readonly #state: StateDir;
  readonly #listener: DaemonLockListener;
  #lock: Lock | undefined;
  #file: Stats | undefined;
  #looksAway = 0;
  #isRetaking = false;
  #trouble: string | undefined;
  /** Why nothing may be written into the folder. */
  #foreign: string | undefined;

  private constructor(state: StateDir, lock: Lock, listener: DaemonLockListener) {
    this.#state = state;
    this.#lock = lock;
    this.#listener = listener;
    this.#file = this.#fileNow();
    noteState(lock, state);
  }

  /** Undefined when another usrsvcd has it. */
  static async take(
    state: StateDir,
    listener: DaemonLockListener,
  ): Promise<DaemonLock | undefined> {
    const lock = await tryLock(state.daemonLock, true);
    return lock === undefined ? undefined : new DaemonLock(state, lock, listener);
  }

  /** False where the file was deleted: another may have it. */
  get isHeld(): boolean {
    return this.#lock !== undefined && !this.#isLost();
  }

  /**
   * A lock file that was deleted keeps nobody out: it is recreated and taken again. To be called now and then.
   *
   * @returns false while nothing may be written into the folder: others can change what is there, or have put
   * another in its place, or it was moved away
   */
  check(): boolean {
    if (this.#isForeign()) return false;
    if (this.#isRetaking || !this.#isLost()) return true;
    const place = this.movedTo();
    this.#looksAway = place === undefined ? 0 : this.#looksAway + 1;
    if (place !== undefined) {
      if (this.#looksAway === LOOKS_AWAY) this.#leave(place);
      return false;
    }
    this.#isRetaking = true;
    void this.#retake().finally(() => (this.#isRetaking = false));
    return true;
  }

  /** Told when it begins and when it is over. */
  #isForeign(): boolean {
    const reason = foreignState(this.#state);
    const before = this.#foreign;
    this.#foreign = reason;
    if (reason !== undefined && before === undefined) {
      this.#listener.emit({ kind: "daemon.degraded", what: "state-not-ours", reason });
    }
    if (reason === undefined && before !== undefined) {
      this.#tell("state-ours", this.#state.path);
    }
    return reason !== undefined;
  }

  /**
   * Where the state folder is by now, if it was moved together with the configuration: then it must not be recreated.
   * Not asked of the kernel while all is well.
   */
  movedTo(): string | undefined {
    if (!this.#isLost() || this.#listener.isConfigThere()) return undefined;
    const path = this.#file && openPath(this.#file);
    return path === undefined ? undefined : dirname(path);
  }

  [Symbol.dispose](): void {
    this.#lock?.[Symbol.dispose]();
    this.#lock = undefined;
  }

  #leave(place: string): void {
    this.#tell("state-moved", place);
    this.#listener.lost();
  }

  async #retake(): Promise<void> {
    try {
      makeStateDir(this.#state);
      const fresh = await tryLock(this.#state.daemonLock, true);
      if (fresh === undefined) {
        this.#tell("lock-taken", this.#state.daemonLock);
        this.#listener.lost();
        return;
      }
      this.#lock?.[Symbol.dispose]();
      this.#lock = fresh;
      this.#file = this.#fileNow();
      noteState(fresh, this.#state);
      this.#trouble = undefined;
      this.#tell("lock-restored", this.#state.daemonLock);
      this.#listener.retaken();
    } catch (error) {
      // Tried again at each check, and told once.
      const reason = (error as Error).message;
      if (reason === this.#trouble) return;
      this.#trouble = reason;
      this.#listener.emit({ kind: "daemon.degraded", what: "state-lost", reason });
    }
  }

  #tell(what: "state-ours" | "state-moved" | "lock-restored" | "lock-taken", path: string): void {
    this.#listener.emit({ kind: "daemon.degraded", what, path });
  }

  #isLost(): boolean {
    return this.#fileNow()?.ino !== this.#file?.ino;
  }

  #fileNow(): Stats | undefined {
    try {
      return statSync(this.#state.daemonLock);
    } catch {
      return undefined; // gone, or no folder by now in which it could be
    }
  }
}

/** On a disk that is full it is known without, unless the folder is moved and then deleted. */
function noteState(lock: Lock, state: StateDir): void {
  try {
    lock.writeNote(placeNote(state));
  } catch {
    // full, or read-only
  }
}

/** By what name a file is known that we have open; undefined: it was deleted. */
function openPath({ dev, ino }: Stats): string | undefined {
  const folder = "/proc/self/fd";
  for (const fd of readdirSync(folder)) {
    try {
      const path = readlinkSync(`${folder}/${fd}`);
      const stat = statSync(path, { throwIfNoEntry: false });
      if (stat?.dev === dev && stat.ino === ino) return path;
    } catch {
      // closed meanwhile, or no file
    }
  }
  return undefined;
}
