import { renameSync, rmSync, statSync } from "node:fs";
import { silencer } from "../state/daemon-alive.ts";
import type { DaemonInfo } from "../state/daemon-info.ts";
import type { Emitter } from "../events/event.ts";
import { replaceFile } from "../lib/replace-file.ts";
import {
  daemonSpare,
  ForeignStateDir,
  makeStateDir,
  type StateDir,
  StateDirError,
} from "../state/state-dir.ts";
import { writeByRename } from "../lib/write-file.ts";

/**
 * What usrsvcd says about itself in its state folder: by it `usrsvcd status`, `stop` and `reread` find
 * it. A disk that is full, or a folder that was deleted, must not end the supervision: the file is
 * written as soon as it can be.
 */
export class SelfDescription {
  readonly #state: StateDir;
  readonly #events: Emitter;
  #info: DaemonInfo;
  /** Of the file as it was written last; undefined: it could not be. */
  #stamp: string | undefined;
  #trouble: string | undefined;
  #isRemoved = false;

  constructor(state: StateDir, info: DaemonInfo, events: Emitter) {
    this.#state = state;
    this.#info = info;
    this.#events = events;
    this.write();
  }

  get info(): DaemonInfo {
    return this.#info;
  }

  change(change: Partial<DaemonInfo>): void {
    this.#info = { ...this.#info, ...change };
    this.write();
  }

  /** To be called now and then, while the lock is ours: writes what is not there as we wrote it. */
  check(): void {
    if (this.#stamp !== undefined && this.#stampNow() === this.#stamp) return;
    const wasWritten = this.#stamp !== undefined;
    this.write();
    if (this.#stamp === undefined || !wasWritten) return;
    this.#tell("description-restored");
  }

  write(): void {
    if (this.#isRemoved) return; // what was to be told a moment later
    try {
      const obstacle = this.#makeState();
      const silenced = silencer(this.#state);
      if (silenced !== undefined) throw new Error(silenced); // a folder would change places
      // What was written before has its room on a disk that is full by now.
      const text = `${JSON.stringify(this.#info)}\n`;
      if (obstacle === undefined)
        replaceFile(this.#state.daemonFile, daemonSpare(this.#state), text);
      else this.#writeAside(text, obstacle);
      this.#stamp = this.#stampNow();
    } catch (error) {
      this.#fail(error as Error);
      return;
    }
    if (this.#trouble === undefined) return;
    this.#trouble = undefined;
    this.#tell("description-written");
  }

  /** What cannot be made of the folder (a file has the name of one of its parts) need not keep this file from it. */
  #makeState(): StateDirError | undefined {
    try {
      makeStateDir(this.#state);
      return undefined;
    } catch (error) {
      if (error instanceof StateDirError && !(error instanceof ForeignStateDir)) return error;
      throw error;
    }
  }

  /** With no spare file. */
  #writeAside(text: string, obstacle: StateDirError): void {
    try {
      writeByRename(this.#state.daemonFile, text);
    } catch {
      throw obstacle; // it says what to do
    }
  }

  /** Unless it is another's by now. Its room on the disk is kept for the next usrsvcd. */
  remove(): void {
    this.#isRemoved = true;
    if (this.#stamp === undefined || this.#stampNow() !== this.#stamp) return;
    try {
      renameSync(this.#state.daemonFile, daemonSpare(this.#state));
    } catch {
      rmSync(this.#state.daemonFile, { force: true });
    }
  }

  /** Tried again at each check, and told once. */
  #fail({ message: reason }: Error): void {
    this.#stamp = undefined;
    const isKnown = this.#trouble !== undefined;
    this.#trouble = reason;
    if (isKnown) return;
    const path = this.#state.daemonFile;
    this.#events.emit({ kind: "daemon.degraded", what: "description-unwritable", path, reason });
  }

  #tell(what: "description-written" | "description-restored"): void {
    this.#events.emit({ kind: "daemon.degraded", what, path: this.#state.daemonFile });
  }

  #stampNow(): string | undefined {
    const stat = statSync(this.#state.daemonFile, { throwIfNoEntry: false });
    return stat && `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeMs}`;
  }
}
