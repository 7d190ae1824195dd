import { watch } from "node:fs";
import { basename, join } from "node:path";
import type { ActivityListener, FolderSight } from "./activity.ts";

/** Maximum number of entries that are looked at: a maildir may have 100,000. */
const MOST_ENTRIES = 1000;

/** The latest change of a folder (given by `modified`) or of an entry in it. */
export async function lookInto(path: string, modified: number): Promise<FolderSight> {
  const { lstat, opendir } = await import("node:fs/promises");
  let newest = modified;
  let count = 0;
  for await (const { name } of await opendir(path)) {
    count += 1;
    if (count > MOST_ENTRIES) return { newest, isPartial: true };
    try {
      newest = Math.max(newest, (await lstat(join(path, name))).mtimeMs);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error; // otherwise it has gone in the meantime
    }
  }
  return { newest, isPartial: false };
}

/**
 * Listens to what comes and goes in a folder, and to what is written there; not to folders below.
 * By Node's own inotify: @parcel/watcher reads the whole folder at each subscription.
 */
export function listenToFolder(path: string, listener: ActivityListener): () => void {
  const watcher = watch(path, (event, name) => {
    // This is also how the end of the folder itself is reported.
    if (event === "rename" && name === basename(path)) void tellIfThere(path, listener);
    else listener.touched();
  });
  watcher.on("error", (error) => listener.failed(error.message));
  return () => watcher.close();
}

async function tellIfThere(path: string, listener: ActivityListener): Promise<void> {
  const { stat } = await import("node:fs/promises");
  try {
    await stat(path);
    listener.touched();
  } catch {
    listener.deleted();
  }
}
