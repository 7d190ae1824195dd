import {
  closeSync,
  constants,
  fsyncSync,
  linkSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { naming } from "./name-file.ts";
import { setMode } from "./private-file.ts";

/** Maximum number of names that are tried, in case one is taken. */
const TRIES = 3;

/** How a file is written. */
export interface WriteOptions {
  readonly mode?: number;
  /** The folder where it is written before it is renamed, in the same file system; else beside `path`. */
  readonly folder?: string;
}

/**
 * Replaces the file `path` by rename: a reader sees the old text or the new one, and what programs
 * may have put there (a link, a FIFO) is not written to. No fsync.
 *
 * @throws when that cannot be; nothing is left behind
 */
export function writeByRename(
  path: string,
  text: string,
  { mode = 0o600, folder = dirname(path) }: WriteOptions = {},
): void {
  const { fd, temporary } = openNew(folder, basename(path), mode);
  try {
    try {
      writeWhole(fd, text, mode, path);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** The writer (which may have been killed since), if this is the name of a file that is not yet in place. */
export function writerOf(file: string): number | undefined {
  const pid = /^\..*\.(\d{1,10})-[\da-z]*\.new$/s.exec(file)?.[1];
  return pid === undefined ? undefined : Number(pid);
}

/** All of it. `path`: what the file is to be, for the error. */
function writeWhole(fd: number, text: string, mode: number, path: string): void {
  const bytes = Buffer.from(text);
  setMode(fd, mode);
  if (naming(path, () => writeSync(fd, bytes)) < bytes.length) {
    throw new Error(`${path}: no space left on the device`);
  }
}

/** A new file under an unpredictable name; if that is taken, under another. */
function openNew(
  folder: string,
  name: string,
  mode: number,
): { readonly fd: number; readonly temporary: string } {
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  for (let left = TRIES; ; left -= 1) {
    const random = Math.random().toString(36).slice(2);
    const temporary = join(folder, `.${name.slice(0, 60)}.${process.pid}-${random}.new`);
    try {
      const fd = openSync(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
      return { fd, temporary };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST" || left === 1) throw error;
    }
  }
}

/**
 * Makes a new file, all at once: a reader sees nothing or all of it, and nothing that is there is replaced.
 *
 * @throws EEXIST where there is something, and what Node throws; nothing is left behind then
 */
export function writeNew(path: string, text: string, mode = 0o600): void {
  const { fd, temporary } = openNew(dirname(path), basename(path), mode);
  try {
    try {
      writeWhole(fd, text, mode, path);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    linkSync(temporary, path); // as a rename, but for what is there
  } finally {
    rmSync(temporary, { force: true });
  }
}
