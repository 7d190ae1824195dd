import { constants, type Stats } from "node:fs";
import { basename, dirname } from "node:path";

const { O_CREAT, O_EXCL, O_TRUNC, O_APPEND, O_NOFOLLOW, O_RDONLY } = constants;
/** open(2): reading, writing, or both. */
const O_ACCMODE = 3;

/** Of the account whose programs are simulated. */
export const UID = 1000;
const EMPTY = Buffer.alloc(0);

/** A file or folder, whatever it is called. */
interface Inode {
  readonly ino: number;
  readonly uid: number;
  mode: number;
  mtimeMs: number;
  data: Buffer;
  /** Of a folder. */
  readonly entries: Map<string, Inode> | undefined;
  nlink: number;
  /** Who holds its flock(2). */
  lockedBy: OpenFile | undefined;
}

/** What descriptors refer to: several may, after a fork. */
export interface OpenFile {
  readonly inode: Inode;
  readonly path: string;
  readonly flags: number;
  at: number;
  /** Number of descriptors. */
  holders: number;
}

/** Files in memory: as much of a Unix file system as usrsvc asks for. */
export class Files {
  readonly #now: () => number;
  readonly #onChange: (folder: string, name: string) => void;
  #inodes = 0;
  readonly #root: Inode;

  /** `onChange` is told what inotify(7) would tell. */
  constructor(now: () => number, onChange: (folder: string, name: string) => void) {
    this.#now = now;
    this.#onChange = onChange;
    this.#root = this.#inode(0o755, 0, true);
  }

  /** Makes a folder with those above it, of root up to `/home`. */
  mkdirs(path: string, uid = UID): void {
    let at = this.#root;
    for (const name of parts(path)) {
      let next = at.entries?.get(name);
      if (next === undefined) {
        next = this.#inode(
          0o755,
          name === "home" || name === "usr" || name === "bin" ? 0 : uid,
          true,
        );
        at.entries?.set(name, next);
      }
      at = next;
    }
  }

  /** Writes a whole file. */
  put(path: string, text: string, mode = 0o644): void {
    const file = this.open(path, constants.O_WRONLY | O_CREAT | O_TRUNC, mode);
    this.write(file, Buffer.from(text), 0);
    file.inode.mode = 0o100000 | mode;
  }

  /** The text of a file; undefined where there is none. */
  text(path: string): string | undefined {
    return this.#find(path)?.data.toString();
  }

  open(path: string, flags: number, mode = 0o666): OpenFile {
    const { folder, name } = this.#place(path, "open");
    let inode = folder.entries?.get(name);
    if (inode !== undefined && (flags & O_CREAT) !== 0 && (flags & O_EXCL) !== 0) {
      throw failure("EEXIST", "open", path);
    }
    if (inode === undefined) {
      if ((flags & O_CREAT) === 0) throw failure("ENOENT", "open", path);
      inode = this.#inode(mode & ~0o022, UID, false);
      folder.entries?.set(name, inode);
      this.#touch(folder, path);
    }
    if (inode.entries !== undefined && (flags & O_ACCMODE) !== O_RDONLY) {
      throw failure("EISDIR", "open", path);
    }
    if ((flags & O_TRUNC) !== 0) inode.data = EMPTY;
    return { inode, path, flags: flags & ~O_NOFOLLOW, at: 0, holders: 1 };
  }

  read(file: OpenFile, buffer: Buffer, offset: number, length: number, at: number | null): number {
    const from = at ?? file.at;
    const { data } = file.inode;
    const count = from >= data.length ? 0 : data.copy(buffer, offset, from, from + length);
    if (at === null) file.at += count;
    return count;
  }

  write(file: OpenFile, bytes: Uint8Array, at: number | null): number {
    const { inode } = file;
    const from = (file.flags & O_APPEND) !== 0 ? inode.data.length : (at ?? file.at);
    if (inode.data.length < from + bytes.length) {
      const grown = Buffer.alloc(from + bytes.length);
      inode.data.copy(grown);
      inode.data = grown;
    } else inode.data = Buffer.from(inode.data);
    inode.data.set(bytes, from);
    if (at === null) file.at = from + bytes.length;
    inode.mtimeMs = this.#now();
    this.#onChange(dirname(file.path), basename(file.path));
    return bytes.length;
  }

  truncate({ inode }: OpenFile, length: number): void {
    inode.data = Buffer.from(inode.data.subarray(0, length));
  }

  chmod(path: string, mode: number): void {
    this.chmodOf(this.#need(path, "chmod"), mode);
  }

  chmodOf(inode: Inode, mode: number): void {
    inode.mode = (inode.mode & ~0o7777) | mode;
  }

  mkdir(path: string, mode = 0o777): void {
    const { folder, name } = this.#place(path, "mkdir");
    if (folder.entries?.has(name) === true) throw failure("EEXIST", "mkdir", path);
    folder.entries?.set(name, this.#inode(mode, UID, true));
    this.#touch(folder, path);
  }

  list(path: string): string[] {
    const { entries } = this.#need(path, "scandir");
    if (entries === undefined) throw failure("ENOTDIR", "scandir", path);
    return [...entries.keys()];
  }

  rename(from: string, to: string): void {
    const source = this.#place(from, "rename");
    const inode = source.folder.entries?.get(source.name);
    if (inode === undefined) throw failure("ENOENT", "rename", from);
    const target = this.#place(to, "rename");
    source.folder.entries?.delete(source.name);
    const before = target.folder.entries?.get(target.name);
    if (before !== undefined) before.nlink -= 1;
    target.folder.entries?.set(target.name, inode);
    this.#touch(source.folder, from);
    this.#touch(target.folder, to);
  }

  /** renameat2(2) with RENAME_EXCHANGE: false where one is missing. */
  exchange(a: string, b: string): boolean {
    const one = this.#place(a, "rename");
    const other = this.#place(b, "rename");
    const first = one.folder.entries?.get(one.name);
    const second = other.folder.entries?.get(other.name);
    if (first === undefined || second === undefined) return false;
    one.folder.entries?.set(one.name, second);
    other.folder.entries?.set(other.name, first);
    this.#touch(one.folder, a);
    this.#touch(other.folder, b);
    return true;
  }

  remove(path: string): void {
    const { folder, name } = this.#place(path, "unlink");
    const inode = folder.entries?.get(name);
    if (inode === undefined) throw failure("ENOENT", "unlink", path);
    inode.nlink -= 1;
    folder.entries?.delete(name);
    this.#touch(folder, path);
  }

  exists(path: string): boolean {
    return this.#find(path) !== undefined;
  }

  stat(path: string, what = "stat"): Stats {
    return statOf(this.#need(path, what));
  }

  /** flock(2): false where another has it. */
  lock(file: OpenFile): boolean {
    const { inode } = file;
    if (inode.lockedBy !== undefined && inode.lockedBy !== file) return false;
    inode.lockedBy = file;
    return true;
  }

  unlock({ inode }: OpenFile): void {
    inode.lockedBy = undefined;
  }

  /** One descriptor less. */
  close(file: OpenFile): void {
    file.holders -= 1;
    if (file.holders === 0 && file.inode.lockedBy === file) file.inode.lockedBy = undefined;
  }

  #inode(mode: number, uid: number, isFolder: boolean): Inode {
    this.#inodes += 1;
    return {
      ino: this.#inodes,
      uid,
      mode: (isFolder ? 0o040000 : 0o100000) | mode,
      mtimeMs: this.#now(),
      data: EMPTY,
      entries: isFolder ? new Map() : undefined,
      nlink: 1,
      lockedBy: undefined,
    };
  }

  #touch(folder: Inode, path: string): void {
    folder.mtimeMs = this.#now();
    this.#onChange(dirname(path), basename(path));
  }

  #find(path: string): Inode | undefined {
    let at: Inode | undefined = this.#root;
    for (const name of parts(path)) at = at?.entries?.get(name);
    return at;
  }

  #need(path: string, call: string): Inode {
    const found = this.#find(path);
    if (found === undefined) throw failure("ENOENT", call, path);
    return found;
  }

  #place(path: string, call: string): { folder: Inode; name: string } {
    const folder = this.#find(dirname(path));
    if (folder === undefined) throw failure("ENOENT", call, path);
    if (folder.entries === undefined) throw failure("ENOTDIR", call, path);
    return { folder, name: basename(path) };
  }
}

function parts(path: string): readonly string[] {
  return path.split("/").filter((name) => name !== "" && name !== ".");
}

/** As much of `Stats` as anybody asks for. */
export function statOf({ ino, uid, mode, mtimeMs, data, entries, nlink }: Inode): Stats {
  return {
    ino,
    uid,
    gid: uid,
    mode,
    mtimeMs,
    ctimeMs: mtimeMs,
    nlink,
    dev: 1,
    size: data.length,
    isFile: () => entries === undefined,
    isDirectory: () => entries !== undefined,
    isSymbolicLink: () => false,
    isSocket: () => false,
    isFIFO: () => false,
  } as Stats;
}

/** An error as node:fs throws it. */
export function failure(code: string, call: string, path: string): Error {
  const error = new Error(`${code}: simulated, ${call} '${path}'`);
  return Object.assign(error, { code, syscall: call, path });
}
