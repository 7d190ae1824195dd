import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  type Stats,
  statSync,
} from "node:fs";
import { dirname } from "node:path";
import { nameOf } from "./accounts.ts";
import { otherWriters } from "./writers.ts";

/** Another account has put it there, or may have. */
export class ForeignFile extends Error {
  override readonly name = "ForeignFile";
  /** The code for a file that is not ours to write. */
  readonly code = "EACCES";
}

/** True for a folder in which nobody but this account and root can put, rename or remove anything. */
export function isPrivateFolder(path: string): boolean {
  const folder = statSync(path);
  return isTrusted(folder.uid) && !isOpen(path, folder);
}

function isOpen(path: string, stat: Stats): boolean {
  return otherWriters(path, stat, process.getuid?.() ?? 0) !== undefined;
}

/**
 * Opens a log for append, creating it if it is missing; other accounts may also write to its
 * folder. Never waits: a FIFO that nobody reads is an error (ENXIO). A terminal does not become
 * anybody's controlling one. A link is followed if it is this account's own, or root's.
 *
 * @throws {ForeignFile} for what another account has put there, and what Node throws
 */
export function openForAppend(path: string, mode = 0o666): number {
  const { O_WRONLY, O_APPEND, O_CREAT } = constants;
  return openChecked(path, O_WRONLY | O_APPEND | O_CREAT, mode);
}

/**
 * Opens a log to read what was written to it, with the same care: it reaches terminal and mail.
 *
 * @throws {ForeignFile} for what another account has put there, and what Node throws
 */
export function openForReading(path: string): number {
  return openChecked(path, constants.O_RDONLY);
}

function openChecked(path: string, how: number, mode?: number): number {
  const { O_NONBLOCK, O_NOCTTY, O_NOFOLLOW } = constants;
  const flags = how | O_NONBLOCK | O_NOCTTY;
  const link = lstatSync(path, { throwIfNoEntry: false });
  const isLink = link?.isSymbolicLink() === true;
  if (isLink) checkLink(path, link);
  else if (link !== undefined) check(path, link); // to open it may be an error of its own
  const fd = openSync(path, isLink ? flags : flags | O_NOFOLLOW, mode);
  try {
    check(path, fstatSync(fd));
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/**
 * Only looks: why `openForAppend` would refuse it now; undefined: it would not, or with an error of Node's.
 */
export function foreignFault(path: string): string | undefined {
  try {
    const link = lstatSync(path, { throwIfNoEntry: false });
    if (link === undefined) return undefined;
    if (link.isSymbolicLink()) checkLink(path, link);
    check(path, statSync(path));
    return undefined;
  } catch (error) {
    return error instanceof ForeignFile ? error.message : undefined;
  }
}

/** Where others can rename what is ours, a link may be another by the time it is followed. */
function checkLink(path: string, { uid }: Stats): void {
  if (!isTrusted(uid)) {
    throw new ForeignFile(`${path} is a link made by ${nameOf(uid)}: remove it`);
  }
  const parent = dirname(path);
  const folder = statSync(parent);
  const isSticky = (folder.mode & 0o1000) !== 0; // what is ours stays there
  if (isTrusted(folder.uid) && (isSticky || !isOpen(parent, folder))) return;
  throw new ForeignFile(
    `${path} is a link in a folder that others can write to: name its target instead`,
  );
}

/**
 * Another account can read what is written to its file; and anybody may have made a second
 * name of a file of ours. A device may belong to anybody.
 */
function check(path: string, { uid, nlink, ...stat }: Stats): void {
  const isFile = (stat.mode & constants.S_IFMT) === constants.S_IFREG;
  const isDevice = (stat.mode & constants.S_IFMT) === constants.S_IFCHR;
  if (isDevice) return;
  const parent = dirname(path);
  const folder = statSync(parent);
  if (!isTrusted(uid)) {
    // An administrator may have given us a file in another account's folder.
    const isGiven = isFile && !isOpen(parent, folder);
    if (!isGiven) throw new ForeignFile(`${path} belongs to ${nameOf(uid)}: remove it`);
  }
  if (isFile && nlink > 1 && !(isTrusted(folder.uid) && !isOpen(parent, folder))) {
    throw new ForeignFile(
      `${path} has a second name (a hard link) and is in a folder that others can write to`,
    );
  }
}

function isTrusted(uid: number): boolean {
  return uid === 0 || uid === process.getuid?.();
}
