import { closeSync, constants, fstatSync, openSync, readSync, type Stats, statSync } from "node:fs";
import { nameOf } from "./accounts.ts";

/** Something is there, but not a file that can be read to its end. */
export class NotAFile extends Error {
  override readonly name = "NotAFile";

  constructor(path: string, kind: string, wanted = "a file") {
    super(`${path} is ${kind}, not ${wanted}`);
  }
}

/** Which files are accepted. */
export interface OpenOptions {
  /** False: a symbolic link is not accepted. */
  readonly followsLinks?: boolean;
  /** Required owner: this account, or also root. */
  readonly owner?: "us" | "us or root";
}

/** How a file is read. */
export interface ReadOptions extends OpenOptions {
  /** Maximum number of bytes. */
  readonly most: number;
}

/** What was read. */
export interface Reading {
  readonly text: string;
  /** False: there is more of it. */
  readonly isWhole: boolean;
}

/**
 * Reads a file of a folder in which programs write. What they may put there instead (a FIFO, a link
 * to /dev/zero, 10 GB) neither keeps us waiting nor fills our memory.
 *
 * @throws {NotAFile} for all but a regular file, and what Node throws
 */
export function readFileHead(path: string, { most, ...options }: ReadOptions): Reading {
  const { fd, stat } = openFile(path, options);
  try {
    const buffer = Buffer.allocUnsafe(Math.min(stat.size, most));
    let length = 0;
    for (let read = -1; read !== 0 && length < buffer.length; length += read) {
      read = readSync(fd, buffer, length, buffer.length - length, length);
    }
    return { text: buffer.toString("utf8", 0, length), isWhole: stat.size <= most };
  } finally {
    closeSync(fd);
  }
}

/**
 * Opens such a file, for who reads parts of it.
 *
 * @throws {NotAFile} for all but a regular file, and what Node throws
 */
export function openFile(
  path: string,
  { followsLinks = true, owner }: OpenOptions = {},
): { readonly fd: number; readonly stat: Stats } {
  const fd = open(path, followsLinks);
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw new NotAFile(path, kindOf(stat));
    if (owner !== undefined && !isOf(owner, stat)) {
      throw new NotAFile(path, `a file of ${nameOf(stat.uid)}`, "one of this account");
    }
    return { fd, stat };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function isOf(owner: "us" | "us or root", { uid }: Stats): boolean {
  return uid === process.getuid?.() || (uid === 0 && owner === "us or root");
}

/** A FIFO would wait for a writer, and a terminal become ours. */
function open(path: string, followsLinks: boolean): number {
  const { O_RDONLY, O_NONBLOCK, O_NOCTTY, O_NOFOLLOW } = constants;
  try {
    return openSync(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | (followsLinks ? 0 : O_NOFOLLOW));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ELOOP" && !followsLinks) throw new NotAFile(path, "a symbolic link");
    if (code === "ENXIO") throw new NotAFile(path, kindOf(statSync(path))); // or a terminal that is none
    throw error;
  }
}

function kindOf(stat: Stats): string {
  if (stat.isDirectory()) return "a folder";
  if (stat.isSocket()) return "a socket";
  return stat.isFIFO() ? "a FIFO" : "a device";
}
