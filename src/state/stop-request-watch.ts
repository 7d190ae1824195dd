import { type FSWatcher, watch } from "node:fs";
import { fileStem, type StateDir } from "./state-dir.ts";
import { stopRequestStem } from "./stop-request.ts";

/** Interval at which all requests are looked for without inotify, in ms. */
const LOOK_EVERY_MS = 1000;

/**
 * Tells of requests to stop (stop-request.ts), for as many programs as there are, by one watch of
 * the folder: whoever waits for a start window does nothing else.
 */
export class StopRequestWatch implements Disposable {
  readonly #dir: StateDir;
  readonly #listeners = new Map<string, () => void>();
  #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(dir: StateDir) {
    this.#dir = dir;
  }

  /** Calls `look` now, and whenever there may be another request for the program, until disposed of. */
  follow(name: string, look: () => void): Disposable {
    const stem = fileStem(name);
    this.#listeners.set(stem, look);
    this.#begin();
    look();
    return {
      [Symbol.dispose]: () => {
        this.#listeners.delete(stem);
        if (this.#listeners.size === 0) this[Symbol.dispose]();
      },
    };
  }

  [Symbol.dispose](): void {
    this.#watcher?.close();
    this.#watcher = undefined;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #begin(): void {
    if (this.#watcher !== undefined || this.#timer !== undefined) return;
    try {
      this.#watcher = watch(this.#dir.programs, (_event, file) => {
        const stem = file === null ? undefined : stopRequestStem(file);
        if (stem !== undefined) this.#listeners.get(stem)?.();
      });
      this.#watcher.on("error", () => this.#poll());
    } catch {
      this.#poll();
    }
  }

  /** No inotify watch is to be had. */
  #poll(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
    this.#timer ??= setInterval(() => {
      for (const look of this.#listeners.values()) look();
    }, LOOK_EVERY_MS);
  }
}
