import { type FSWatcher, statSync, watch } from "node:fs";
import { ForeignStateDir, makeStateDir, type StateDir } from "../state/state-dir.ts";

/** So long after a notice the record is looked at, in ms. */
const GATHER_MS = 10;

/** What the folder of records is watched for. */
export interface StateWatchListener {
  /** The record in this file (a name without folder) may have changed. */
  changed(file: string): void;
  /** Nobody knows what changed: look at all. */
  lost(): void;
  /** Why changes are only noticed by the slow look from now on. */
  degraded(reason: string): void;
  /** They are noticed at once again. */
  recovered(): void;
}

/**
 * Watches the records, so that what the tool did is seen at once.
 *
 * By Node's own inotify: it costs nothing while nothing happens, where a thread of @parcel/watcher
 * wakes up twice a second, and tells at once, where that waits 50 ms for more.
 */
export class StateWatch implements Disposable {
  readonly #dir: StateDir;
  readonly #listener: StateWatchListener;
  #watcher: FSWatcher | undefined;
  /** What was told of and not looked at yet. */
  readonly #changed = new Set<string>();
  #isDegraded = false;
  /** Others can change what is in the folder, or have put another in its place: usrsvcd tells that. */
  #isForeign = false;
  #inode = 0;
  #modifiedAt = 0;

  constructor(dir: StateDir, listener: StateWatchListener) {
    this.#dir = dir;
    this.#listener = listener;
    this.#begin();
  }

  /**
   * The slow look that backs up lost notices: one stat of the folder, whose time changes with each
   * record. A folder that was deleted or replaced is made and watched anew.
   */
  check(): void {
    const now = this.#look();
    const isAnother = now.inode !== this.#inode;
    const isChanged = isAnother || now.modifiedAt !== this.#modifiedAt;
    if (isAnother || this.#watcher === undefined) this.#begin();
    if (this.#isForeign) return; // what others put there is no news of ours
    if (!isAnother) this.#modifiedAt = now.modifiedAt; // what came since is told by the next check
    if (isChanged) this.#listener.lost();
  }

  [Symbol.dispose](): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  #begin(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
    this.#isForeign = false;
    try {
      makeStateDir(this.#dir);
      this.#watcher = watch(this.#dir.programs, (_event, file) => {
        if (file === null) this.#listener.lost();
        else this.#gather(file);
      });
      this.#watcher.on("error", (error) => this.#fail(error));
      if (this.#isDegraded) this.#listener.recovered();
      this.#isDegraded = false;
    } catch (error) {
      this.#isForeign = error instanceof ForeignStateDir;
      if (!this.#isForeign) this.#fail(error);
    }
    ({ inode: this.#inode, modifiedAt: this.#modifiedAt } = this.#look());
  }

  /** A record that is replaced is told of twice or more, and many at once when many start. */
  #gather(file: string): void {
    this.#changed.add(file);
    if (this.#changed.size > 1) return;
    setTimeout(() => {
      const files = [...this.#changed];
      this.#changed.clear();
      this.#modifiedAt = this.#look().modifiedAt; // before the looks: what comes later is told anew
      for (const one of files) this.#listener.changed(one);
    }, GATHER_MS);
  }

  #fail(error: unknown): void {
    this.#watcher?.close();
    this.#watcher = undefined;
    this.#isDegraded = true;
    this.#listener.degraded(error instanceof Error ? error.message : String(error));
  }

  #look(): { inode: number; modifiedAt: number } {
    try {
      const { ino, mtimeMs } = statSync(this.#dir.programs);
      return { inode: ino, modifiedAt: mtimeMs };
    } catch {
      return { inode: 0, modifiedAt: 0 };
    }
  }
}
