import { statSync } from "node:fs";
import { basename } from "node:path";
import type { StateDir } from "../program/state-dir.ts";

/** What the folder of records is watched for. */
export interface StateWatchListener {
  /** The record in this file (a name without folder) may have changed. */
  changed(file: string): void;
  /** Nobody knows what changed: look at all. */
  lost(): void;
  /** Why changes are only noticed by the slow look from now on. */
  degraded(reason: string): void;
}

/** Watches the records, so that what the tool did is seen at once. */
export interface StateWatch extends AsyncDisposable {
  /** The slow look that backs up lost notices: one stat of the folder, whose time changes with it. */
  check(): void;
}

/** Begins to watch `state_dir/programs` by inotify. */
export async function watchState(dir: StateDir, listener: StateWatchListener): Promise<StateWatch> {
  let noticedAt = modified(dir);
  const subscription = await subscribe(dir, {
    ...listener,
    changed(file) {
      noticedAt = modified(dir);
      listener.changed(file);
    },
  });
  return {
    check() {
      const now = modified(dir);
      if (now === noticedAt) return;
      noticedAt = now;
      listener.lost();
    },
    async [Symbol.asyncDispose]() {
      await subscription?.unsubscribe();
    },
  };
}

async function subscribe(
  dir: StateDir,
  listener: StateWatchListener,
): Promise<{ unsubscribe(): Promise<void> } | undefined> {
  try {
    const watcher = await import("@parcel/watcher");
    return await watcher.subscribe(dir.programs, (error, events) => {
      if (error !== null) {
        listener.degraded(error.message);
        listener.lost();
        return;
      }
      for (const { path } of events) listener.changed(basename(path));
    });
  } catch (error) {
    listener.degraded(error instanceof Error ? error.message : String(error));
    return undefined;
  }
}

function modified(dir: StateDir): number {
  try {
    return statSync(dir.programs).mtimeMs;
  } catch {
    return 0;
  }
}
