import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  ftruncateSync,
  openSync,
  renameSync,
  writeSync,
} from "node:fs";
import { libc } from "../../proc/libc.ts";

const { O_CREAT, O_WRONLY } = constants;

/** A caller's umask of 777 would keep us from our own files. */
const hidesOwn = (process.umask() & 0o600) !== 0;

/**
 * Replaces the file `path`, so that a reader sees the old text or the new one. No fsync.
 *
 * The new text is written into `spare`, in the same file system, and the two change places. So both
 * stay, and no file is made: that takes half a millisecond on ext4, and a rename over a file makes
 * it write the new one out at once. Where they cannot change places, `spare` is renamed.
 */
export function replaceFile(path: string, spare: string, text: string): void {
  const bytes = Buffer.from(text);
  const fd = openSync(spare, O_WRONLY | O_CREAT, 0o600);
  try {
    writeSync(fd, bytes, 0, bytes.length, 0);
    if (fstatSync(fd).size !== bytes.length) ftruncateSync(fd, bytes.length);
    if (hidesOwn) fchmodSync(fd, 0o600);
  } finally {
    closeSync(fd);
  }
  if (libc()?.exchange(spare, path) !== true) renameSync(spare, path);
}
