import { type FSWatcher, readlinkSync, realpathSync, statfsSync, statSync, watch } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { MOST_FORMER } from "./file-follower.ts";

/** Interval of the looks where no notices are to be had, in ms. */
const LOOK_EVERY_MS = 5000;
/** Links in a row that are followed: the kernel gives up at 40. */
const MOST_LINKS = 40;

/** File systems that say nothing of what other machines write (statfs(2)): NFS, SMB, CIFS, 9p, FUSE, Ceph, AFS. */
const REMOTE: ReadonlySet<number> = new Set([
  0x6969, 0x517b, 0xff534d42, 0xfe534d42, 0x01021997, 0x65735546, 0x00c36400, 0x5346414f,
]);

/** What is watched: a file, or a folder for one name in it. */
interface Place {
  readonly path: string;
  readonly name: string | undefined;
}

/**
 * Tells that something may have changed at a path: that the file was written, made, replaced or removed, or that a
 * link leads elsewhere. What is not there yet is awaited, folders included. By inotify: while nothing happens,
 * nothing is done. Only where that is not to be had, the listener is called every 5 s.
 */
export class PathWatch implements Disposable {
  readonly #path: string;
  readonly #onChange: (name?: string) => void;
  readonly #folders = new Map<string, FSWatcher>();
  /** By the file's identity: the one there now, and those before it, which may still be written to. */
  readonly #files = new Map<string, FSWatcher>();
  #timer: NodeJS.Timeout | undefined;
  #obstacle: string | undefined;

  /**
   * `onChange` may be called several times for one change; with a name, if it is known that only that has changed in
   * the folder at the path.
   */
  constructor(path: string, onChange: (name?: string) => void) {
    this.#path = path;
    this.#onChange = onChange;
  }

  /** Why the path is looked at every 5 s instead; undefined: it is not. */
  get obstacle(): string | undefined {
    return this.#obstacle;
  }

  /** Watches what the path leads to now: to be called before each look at it. */
  arm(): void {
    this.#obstacle = undefined;
    const folders = new Map(foldersOf(this.#path).map((one) => [keyOf(one), one]));
    for (const [key, watcher] of this.#folders)
      if (!folders.has(key)) drop(this.#folders, key, watcher);
    for (const [key, place] of folders) {
      if (isRemote(place.path)) this.#obstacle = `${place.path} is on another machine`;
      if (!this.#folders.has(key)) this.#watch(this.#folders, key, place);
    }
    const id = idOf(this.#path);
    if (id !== undefined && !this.#files.has(id)) {
      const [oldest] = this.#files;
      if (this.#files.size > MOST_FORMER && oldest !== undefined) drop(this.#files, ...oldest);
      this.#watch(this.#files, id, { path: this.#path, name: undefined });
    }
    if (this.#obstacle === undefined) this.#stopTimer();
    else this.#timer ??= setInterval(() => this.#onChange(), LOOK_EVERY_MS);
  }

  [Symbol.dispose](): void {
    for (const all of [this.#folders, this.#files]) {
      for (const [key, watcher] of all) drop(all, key, watcher);
    }
    this.#stopTimer();
  }

  #watch(all: Map<string, FSWatcher>, key: string, { path, name }: Place): void {
    try {
      const watcher = watch(path, (_event, changed) => {
        if (name === undefined) this.#onChange(changed ?? undefined);
        else if (changed === null || changed === name) this.#onChange();
        // Removed or renamed itself.
        else if (changed === basename(path)) this.#onChange();
      });
      all.set(key, watcher);
      watcher.on("error", () => {
        drop(all, key, watcher);
        this.#onChange();
      });
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code !== "ENOENT") this.#obstacle ??= message; // gone just now: its folder tells
    }
  }

  #stopTimer(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

function drop(all: Map<string, FSWatcher>, key: string, watcher: FSWatcher): void {
  watcher.close();
  all.delete(key);
}

/** Each folder in which the way to the file may be changed, and which name in it. */
function foldersOf(path: string): readonly Place[] {
  const places = [nearestFolder(path)];
  let next = path;
  for (let left = MOST_LINKS; left > 0; left -= 1) {
    try {
      next = resolve(realpathSync(dirname(next)), readlinkSync(next));
    } catch {
      break; // no link, or nothing there
    }
    places.push(nearestFolder(next));
  }
  return places;
}

/** The folder in which it is; where that is not there, the one in which it would have to be made. */
function nearestFolder(path: string): Place {
  let [folder, name] = [dirname(path), basename(path)];
  while (idOf(folder) === undefined && folder !== dirname(folder)) {
    [folder, name] = [dirname(folder), basename(folder)];
  }
  return { path: folder, name };
}

/** Another folder of the same name is another place. */
function keyOf({ path, name }: Place): string {
  return [idOf(path), path, name].join(" ");
}

function idOf(path: string): string | undefined {
  try {
    const { dev, ino } = statSync(path);
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}

function isRemote(path: string): boolean {
  try {
    return REMOTE.has(statfsSync(path).type);
  } catch {
    return false;
  }
}
