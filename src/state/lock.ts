import { closeSync, writeSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { uninherited } from "../../proc/system/descriptors.ts";
import { libc } from "../../proc/system/libc.ts";
import { monotonicMs, sleep } from "../lib/clock.ts";
import { readOnlyDisk } from "../lib/fault.ts";
import { naming } from "../lib/name-file.ts";
import { lockByProgram } from "./lock-by-program.ts";
import { makeRoomForLock, openLock } from "./lock-file.ts";
import { line, NOTE_BYTES, noteOf, signature, SIGNATURE_BYTES } from "./lock-text.ts";
import { fileStem, type StateDir } from "./state-dir.ts";

/** The right to act on one program (or to be usrsvcd); free the moment its holder dies. */
export interface Lock extends Disposable {
  /** What its last holder has noted for the next one; empty when nothing. */
  readonly note: string;
  /**
   * Notes something for the next holder, should this one be killed. No rename, no new file: a few
   * bytes into the file that is locked. None without a signature, where a full disk has just got room for one.
   *
   * @throws when that cannot be (disk full)
   */
  writeNote(text: string): void;
  /**
   * Tries whether something could be noted: else nothing can be launched.
   *
   * @throws as `writeNote`
   */
  tryNote(): void;
}

const LOCK_EX = 2;
const LOCK_NB = 4;
const LOCK_UN = 8;
/** How often a waiting actor asks again, in ms. */
const ASK_EVERY_MS = 20;

/** Path of the lock of one program. */
export function programLock(dir: StateDir, name: string): string {
  return join(dir.locks, fileStem(name));
}

/**
 * Takes the lock if nobody holds it, else yields undefined at once.
 *
 * What is being launched holds it with us until its exec, so that nobody else launches another should
 * we be killed; `isOurs`: it is ours alone.
 */
export function tryLock(
  path: string,
  isOurs = false,
): Lock | undefined | Promise<Lock | undefined> {
  makeRoomForLock(path);
  const c = libc();
  if (c === undefined) {
    closeSync(openLock(path)); // it would be made with the mode that our caller's umask leaves
    return lockByProgram(path);
  }
  const fd = openLock(path);
  if (c.flock(fd, LOCK_EX | LOCK_NB) !== 0) {
    const errno = c.errno();
    closeSync(fd);
    if (errno === constants.errno.EWOULDBLOCK || errno === constants.errno.EINTR) return undefined;
    throw new Error(`${path}: cannot be locked (errno ${errno}); is it on a network file system?`);
  }
  const letGo = (): void => {
    uninherited.delete(fd);
    c.flock(fd, LOCK_UN); // what is launched for another program just now holds a copy
    closeSync(fd);
  };
  try {
    if (isOurs) uninherited.add(fd);
    return heldBy(fd, path, letGo);
  } catch (error) {
    letGo(); // nobody has it: a disk that cannot be read (EIO) must keep no others out
    throw error;
  }
}

/** Reads the note of a lock that was just taken, and signs it. */
function heldBy(fd: number, path: string, letGo: () => void): Lock {
  const note = noteOf(fd);
  let isSigned = signLock(fd);
  const write = (text: string, at: number): void => {
    try {
      naming(path, () => writeSync(fd, text, at));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EBADF") throw error;
      throw readOnlyDisk(path, error);
    }
  };
  return {
    note,
    writeNote(text) {
      if (!isSigned) write(signature(), 0);
      isSigned = true;
      write(line(text, NOTE_BYTES), SIGNATURE_BYTES);
    },
    tryNote: () => write(signature(), 0),
    [Symbol.dispose]: letGo,
  };
}

/** Takes the lock, waiting for at most `ms`; undefined when it is still held by then. */
export async function waitLock(
  path: string,
  ms: number,
  signal: AbortSignal | undefined,
  onWait?: () => void,
): Promise<Lock | undefined> {
  const end = monotonicMs() + ms;
  for (let waited = false; ; waited = true) {
    const lock = await tryLock(path);
    if (lock !== undefined || monotonicMs() >= end) return lock;
    if (!waited) onWait?.();
    await sleep(ASK_EVERY_MS, signal);
  }
}

/** For the message of whoever waits. False: the disk is full; the lock is held all the same. */
function signLock(fd: number): boolean {
  try {
    writeSync(fd, signature(), 0);
    return true;
  } catch {
    return false;
  }
}
