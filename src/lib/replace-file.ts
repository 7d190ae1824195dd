import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { libc } from "../../proc/system/libc.ts";
import { readOnlyDisk } from "./fault.ts";
import { naming } from "./name-file.ts";

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;

/**
 * Replaces the file `path`, so that a reader sees the old text or the new one. No fsync, unless
 * `isSynced` asks for it: then a power failure leaves the old text or the new one as well.
 *
 * The new text is written into `spare`, in the same file system, and the two change places. So both
 * stay, with their space on a disk that is full by now; and no file is created: that takes half a
 * millisecond on ext4, and a rename over a file makes ext4 write the new one out at once. A reader
 * may have opened `spare` when it was at `path`, and not have read it yet: then, and if leases
 * are not available, a new file takes its place. If the two cannot change places, `spare` is renamed.
 *
 * @throws when that cannot be, with EXDEV when they are in different file systems
 */
export function replaceFile(
  path: string,
  spare: string,
  text: string,
  { mode = 0o600, isSynced = false }: { readonly mode?: number; readonly isSynced?: boolean } = {},
): void {
  const bytes = Buffer.from(text);
  const fd = openSpare(spare, mode);
  try {
    const stat = fstatSync(fd);
    const written = naming(path, () => writeSync(fd, bytes, 0, bytes.length, 0));
    if (written < bytes.length) throw new Error(`${path}: no space left on the device`);
    if (stat.size !== bytes.length) naming(path, () => ftruncateSync(fd, bytes.length));
    if ((stat.mode & 0o777) !== mode) fchmodSync(fd, mode); // a caller's umask
    if (isSynced) naming(path, () => fsyncSync(fd));
  } finally {
    closeSync(fd);
  }
  if (libc()?.exchange(spare, path) !== true) renameSync(spare, path);
  if (isSynced) syncFolder(dirname(path));
}

/** What was created, renamed or removed in the folder is on the disk when this returns. */
export function syncFolder(folder: string): void {
  const fd = openSync(folder, O_RDONLY);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/**
 * What was at `path` before may be a link, a FIFO, or somebody else's, or being read right now: then it is
 * not written to. The lease ends as the file is closed, before it is at `path` again.
 */
function openSpare(spare: string, mode: number): number {
  try {
    const fd = openSync(spare, O_WRONLY | O_NOFOLLOW | O_NONBLOCK);
    const stat = fstatSync(fd);
    const isOurs = stat.isFile() && stat.nlink === 1 && stat.uid === process.getuid?.();
    if (isOurs && libc()?.leaseAlone(fd) === true) return fd;
    closeSync(fd);
  } catch (error) {
    // not there, a link, or not ours to write
    if ((error as NodeJS.ErrnoException).code === "EROFS") throw readOnlyDisk(spare, error);
  }
  removeSpare(spare);
  return openSync(spare, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
}

/** A folder that somebody had put in the place of the file may contain something: it is kept. */
function removeSpare(spare: string): void {
  try {
    rmSync(spare, { force: true });
  } catch {
    renameSync(spare, `${spare}.${Date.now().toString(36)}.aside`);
  }
}
