import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  renameSync,
  type Stats,
} from "node:fs";
import { nameOf } from "../lib/accounts.ts";
import { readOnlyDisk } from "../lib/fault.ts";
import { setMode } from "../lib/private-file.ts";

const { O_RDWR, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;

/**
 * Makes room for the file of a lock, where something else has its name.
 *
 * @throws when that is another account's, or cannot be moved away
 */
export function makeRoomForLock(path: string): void {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat?.isDirectory() === true) setFolderAside(path);
  else if (stat !== undefined) checkFile(path, stat);
}

/**
 * Somebody has made a folder of that name. The slash at its end moves nothing but a folder: no lock that
 * another has made there since.
 */
function setFolderAside(path: string): void {
  try {
    renameSync(`${path}/`, `${path}.aside.${Date.now().toString(36)}`);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return; // another was quicker
    const text = `${path} is a folder, and cannot be locked: remove it (${message})`;
    throw new Error(text, { cause: error });
  }
}

const MODE = 0o600;

/** Opens the file of a lock, or makes it. */
export function openLock(path: string): number {
  const fd = openToWrite(path);
  try {
    const stat = fstatSync(fd);
    checkFile(path, stat);
    if ((stat.mode & 0o777) !== MODE) setMode(fd, MODE);
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/**
 * What another account has put there: it would keep a file of its own locked as long as it likes, and what is noted
 * in a second name of a file of ours would be written into that.
 */
function checkFile(path: string, stat: Stats): void {
  const text = strangeness(stat);
  if (text === undefined) return;
  throw Object.assign(new Error(`${path} ${text}: remove it`), { code: "EACCES" });
}

function strangeness(stat: Stats): string | undefined {
  if (!stat.isFile()) return "is not a file and cannot be locked";
  if (stat.uid !== process.getuid?.()) {
    return `belongs to ${nameOf(stat.uid)}, who could keep it locked`;
  }
  return stat.nlink > 1 ? "has a second name elsewhere (a hard link)" : undefined;
}

function openToWrite(path: string): number {
  const flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK;
  try {
    return openSync(path, flags, MODE);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EROFS") return openToRead(path, error);
    if (code !== "EACCES") throw error;
    chmodSync(path, MODE); // ours, as it should be
    return openSync(path, flags, MODE);
  }
}

/** On a read-only disk nothing can be noted, so nothing launched, but what runs can be ended. */
function openToRead(path: string, cause: unknown): number {
  try {
    return openSync(path, constants.O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch {
    throw readOnlyDisk(path, cause);
  }
}
