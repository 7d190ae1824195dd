import { type ChildProcess, spawn } from "node:child_process";
import {
  chmodSync,
  closeSync,
  constants as fsConstants,
  fstatSync,
  lstatSync,
  openSync,
  readSync,
  renameSync,
  type Stats,
  writeSync,
} from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { uninherited } from "../../proc/system/descriptors.ts";
import { libc } from "../../proc/system/libc.ts";
import { monotonicMs, sleep } from "../lib/clock.ts";
import { readOnlyDisk } from "../lib/fault.ts";
import { nameOf } from "../lib/accounts.ts";
import { naming } from "../lib/name-file.ts";
import { setMode } from "../lib/private-file.ts";
import { readFileHead } from "../lib/read-file.ts";
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

/** Bytes of each of the two lines of the file: who took it last, and the note, both padded. */
const SIGNATURE_BYTES = 40;
const NOTE_BYTES = 160;

const { O_RDWR, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = fsConstants;
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
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat?.isDirectory() === true) setFolderAside(path);
  else if (stat !== undefined) checkFile(path, stat);
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

function openLock(path: string): number {
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
    return openSync(path, fsConstants.O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch {
    throw readOnlyDisk(path, cause);
  }
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

/** Who took the lock last, as it signed: `usrsvcd, pid 123`; undefined when it did not. */
export function lockHolder(path: string): string | undefined {
  try {
    return firstLine(readHead(path).slice(0, SIGNATURE_BYTES)) || undefined;
  } catch {
    return undefined;
  }
}

/** What the last holder of a lock has noted; read without it, it may be changing. */
export function lockNote(path: string): string {
  try {
    return firstLine(readHead(path).slice(SIGNATURE_BYTES));
  } catch {
    return ""; // it was never taken
  }
}

function readHead(path: string): string {
  return readFileHead(path, {
    most: SIGNATURE_BYTES + NOTE_BYTES,
    followsLinks: false,
    owner: "us",
  }).text;
}

function noteOf(fd: number): string {
  const bytes = Buffer.alloc(NOTE_BYTES);
  const length = readSync(fd, bytes, 0, NOTE_BYTES, SIGNATURE_BYTES);
  return firstLine(bytes.toString("latin1", 0, length));
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0]?.trim() ?? "";
}

function line(text: string, bytes: number): string {
  return `${text.padEnd(bytes - 1).slice(0, bytes - 1)}\n`;
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

function signature(): string {
  const who = process.argv[1]?.includes("usrsvcd") === true ? "usrsvcd" : "usrsvc";
  return line(`${who}, pid ${process.pid}`, SIGNATURE_BYTES);
}

/**
 * Without koffi: util-linux's flock(1) holds the same kernel lock for as long as it can read from
 * us, so it is free the moment we die.
 */
async function lockByProgram(path: string): Promise<Lock | undefined> {
  const script = 'printf "%s" "$1" 1<>"$0"; echo; exec cat >/dev/null';
  const me = line(`pid ${process.pid}`, SIGNATURE_BYTES);
  const child = spawn("flock", ["-n", path, "/bin/sh", "-c", script, path, me], {
    stdio: ["pipe", "pipe", "ignore"],
    detached: true, // Ctrl-C is for us to answer: the lock stays until we leave
  });
  const held = await new Promise<boolean>((resolve, reject) => {
    child.once("error", (cause) => {
      reject(new Error(`${path}: cannot be locked: neither koffi nor flock(1) works`, { cause }));
    });
    child.stdout.once("data", () => resolve(true));
    child.once("close", () => resolve(false));
  });
  if (!held) return undefined;
  const write = (text: string, at: number): void => {
    const fd = openSync(path, "r+");
    try {
      writeSync(fd, text, at);
    } finally {
      closeSync(fd);
    }
  };
  return {
    note: lockNote(path),
    writeNote: (text) => write(line(text, NOTE_BYTES), SIGNATURE_BYTES),
    tryNote: () => write(signature(), 0),
    [Symbol.dispose]: () => letGoOf(child),
  };
}

function letGoOf(child: ChildProcess): void {
  child.stdin?.end();
  child.unref();
}
