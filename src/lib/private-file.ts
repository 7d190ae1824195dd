import { chmodSync, fchmodSync, fstatSync, mkdirSync, type Stats, statSync } from "node:fs";
import { dirname } from "node:path";

/*
 * What is ours has the intended modes, whatever the umask of our caller: with 000 others could read
 * it, with 0777 we could not. (Our own umask stays as it is: programs get it.)
 */

/** Mode of folders that we create. */
const FOLDER_MODE = 0o700;

/** Creates a folder, and those above it that are missing, mode 0700. An existing one is left unchanged. */
export function makePrivateFolder(path: string): void {
  if (isFolder(path)) return;
  const above = dirname(path);
  if (above !== path) makePrivateFolder(above);
  try {
    mkdirSync(path, { mode: FOLDER_MODE });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST" && isFolder(path)) return; // by another
    throw error;
  }
  try {
    if ((statSync(path).mode & 0o777) !== FOLDER_MODE) chmodSync(path, FOLDER_MODE);
  } catch {
    // a file system without modes
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/**
 * Gives an open file of ours the intended mode. What is not a file, or not ours, is left unchanged.
 *
 * @returns what the file was before; undefined: it was closed in the meantime
 */
export function setMode(fd: number, mode: number): Stats | undefined {
  let stat: Stats | undefined;
  try {
    stat = fstatSync(fd);
    const isOurs = stat.isFile() && stat.uid === process.getuid?.();
    if (isOurs && (stat.mode & 0o777) !== mode) fchmodSync(fd, mode);
  } catch {
    // closed in the meantime, or a file system without modes
  }
  return stat;
}
