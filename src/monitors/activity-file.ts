import { basename, dirname } from "node:path";
import type { SubscribeCallback } from "@parcel/watcher";
import type { ActivityPorts } from "./activity.ts";
import { listenToFolder, lookInto } from "./activity-folder.ts";
import { inotifyObstacle } from "./inotify.ts";

/** The file system of this machine; one inotify watch per file, on its folder, or on itself if it is one. */
export const fileActivity: ActivityPorts = {
  async modified(path, isThorough) {
    try {
      const { stat } = await import("node:fs/promises"); // 0.3 MB, which few programs need
      const found = await stat(path);
      if (!found.isDirectory()) return found.mtimeMs;
      if (!isThorough) return { newest: undefined, isPartial: false };
      return await lookInto(path, found.mtimeMs);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "ENOENT" || code === "ENOTDIR" || code === "ELOOP") return undefined;
      throw error;
    }
  },
  async subscribe(path, listener) {
    // A link is watched where it leads: writing to a file causes no event in the link's folder.
    const { realpath, stat } = await import("node:fs/promises");
    const real = await realpath(path);
    if ((await stat(real)).isDirectory()) return listenToFolder(real, listener);
    const watcher = await import("@parcel/watcher");
    const tell: SubscribeCallback = (error, events) => {
      if (error !== null) listener.failed(error.message);
      else if (events.every(({ type }) => type === "delete")) listener.deleted();
      else listener.touched();
    };
    // The watcher takes folders and all below: everything but the one name is ignored.
    const options = { ignore: [allBut(basename(real))] };
    const subscription = await inTurn(async () => {
      // Without an inotify instance the watcher waits for its thread for ever, and so do we (2.6.0).
      const obstacle = inotifyObstacle();
      if (obstacle !== undefined) {
        const limits = "fs.inotify.max_user_instances and the limit of open files";
        throw new Error(`no inotify instance is available (${obstacle}); check ${limits}`);
      }
      return await watcher.subscribe(dirname(real), tell, options);
    });
    return () => {
      inTurn(async () => await subscription.unsubscribe()).catch(() => {}); // its folder is gone
    };
  },
};

let lastTurn: Promise<unknown> = Promise.resolve();

/**
 * One after the other: the watcher ends its thread with the last subscription, and one that began
 * in the same moment failed with EBADF (21 of 3,300 in a stress test) or heard nothing.
 */
async function inTurn<T>(act: () => Promise<T>): Promise<T> {
  const turn = lastTurn.then(act);
  lastTurn = turn.catch(() => {});
  return await turn;
}

/** Matches each path below a folder but that of one name. */
export function allBut(name: string): RegExp {
  return new RegExp(`^(?!${name.replace(/[$()*+.?[\\\]^{|}]/g, "\\$&")}$)`);
}
