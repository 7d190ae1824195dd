import { statSync } from "node:fs";
import type { LogLevel } from "../log.ts";
import { type Lock, tryLock } from "../program/lock.ts";
import { foreignState, makeStateDir, type StateDir } from "../program/state-dir.ts";

/** Whom a lock tells what has become of it. */
export interface DaemonLockListener {
  warn(level: LogLevel, message: string, reason?: string): void;
  /** The file was deleted and is ours again: what lay beside it may be gone as well. */
  retaken(): void;
  /** Another usrsvcd has it. */
  lost(): void;
}

/** Keeps a second usrsvcd out of a state folder, even when somebody deletes the folder. */
export class DaemonLock implements Disposable {
  readonly #state: StateDir;
  readonly #listener: DaemonLockListener;
  #lock: Lock | undefined;
  #inode: number | undefined;
  #isRetaking = false;
  #trouble: string | undefined;
  /** Why nothing may be written into the folder. */
  #foreign: string | undefined;

  private constructor(state: StateDir, lock: Lock, listener: DaemonLockListener) {
    this.#state = state;
    this.#lock = lock;
    this.#listener = listener;
    this.#inode = this.#inodeNow();
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
    return this.#lock !== undefined && this.#inodeNow() === this.#inode;
  }

  /**
   * A lock file that was deleted keeps nobody out: it is made and taken anew. To be called now and then.
   *
   * @returns false while others can change what is in the folder, or have put another in its place
   */
  check(): boolean {
    if (this.#isForeign()) return false;
    if (this.#isRetaking || this.#inodeNow() === this.#inode) return true;
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
      const what = "until then usrsvcd writes nothing there, starts nothing, and watches what runs";
      this.#listener.warn(
        "error",
        `the state folder is not ours alone: ${reason}; ${what}`,
        reason,
      );
    }
    if (reason === undefined && before !== undefined) {
      this.#listener.warn("warn", `the state folder ${this.#state.path} is ours again`);
    }
    return reason !== undefined;
  }

  [Symbol.dispose](): void {
    this.#lock?.[Symbol.dispose]();
    this.#lock = undefined;
  }

  async #retake(): Promise<void> {
    const what = `${this.#state.daemonLock} was deleted`;
    try {
      makeStateDir(this.#state);
      const fresh = await tryLock(this.#state.daemonLock, true);
      if (fresh === undefined) {
        this.#listener.warn("error", `${what}; another usrsvcd has it by now: leaves`);
        this.#listener.lost();
        return;
      }
      this.#lock?.[Symbol.dispose]();
      this.#lock = fresh;
      this.#inode = this.#inodeNow();
      this.#trouble = undefined;
      this.#listener.warn("warn", `${what}; made anew`);
      this.#listener.retaken();
    } catch (error) {
      // Tried again at each check, and told once.
      const reason = (error as Error).message;
      if (reason === this.#trouble) return;
      this.#trouble = reason;
      this.#listener.warn("error", `the state folder is lost: ${reason}`, reason);
    }
  }

  #inodeNow(): number | undefined {
    try {
      return statSync(this.#state.daemonLock).ino;
    } catch {
      return undefined; // gone, or no folder by now in which it could be
    }
  }
}
