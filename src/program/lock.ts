import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, constants as fsConstants, openSync, readFileSync, writeSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { uninherited } from "../../proc/descriptors.ts";
import { libc } from "../../proc/libc.ts";
import { monotonicMs, sleep } from "../clock.ts";
import { fileStem, type StateDir } from "./state-dir.ts";

/** The right to act on one program (or to be usrsvcd); free the moment its holder dies. */
export type Lock = Disposable;

const { O_WRONLY, O_CREAT } = fsConstants;
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
  const c = libc();
  if (c === undefined) return lockByProgram(path);
  const fd = openSync(path, O_WRONLY | O_CREAT, 0o600);
  if (c.flock(fd, LOCK_EX | LOCK_NB) !== 0) {
    const errno = c.errno();
    closeSync(fd);
    if (errno === constants.errno.EWOULDBLOCK || errno === constants.errno.EINTR) return undefined;
    throw new Error(`${path}: cannot be locked (errno ${errno}); is it on a network file system?`);
  }
  signLock(fd);
  if (isOurs) uninherited.add(fd);
  return {
    [Symbol.dispose]() {
      uninherited.delete(fd);
      c.flock(fd, LOCK_UN); // what is launched for another program just now holds a copy
      closeSync(fd);
    },
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

/** Who took the lock last, as it signed: `usrsvcd, pid 123`; undefined when it did not. */
export function lockHolder(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").split("\n", 1)[0]?.trim() || undefined;
  } catch {
    return undefined;
  }
}

/** For the message of whoever waits; nothing depends on it. A longer one leaves its end behind. */
function signLock(fd: number): void {
  const who = process.argv[1]?.includes("usrsvcd") === true ? "usrsvcd" : "usrsvc";
  try {
    writeSync(fd, `${who}, pid ${process.pid}\n`, 0);
  } catch {
    // disk full: the lock is held all the same
  }
}

/**
 * Without koffi: util-linux's flock(1) holds the same kernel lock for as long as it can read from
 * us, so it is free the moment we die.
 */
async function lockByProgram(path: string): Promise<Lock | undefined> {
  const script = 'echo "$1" >"$0"; echo; exec cat >/dev/null';
  const me = `pid ${process.pid}`;
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
  return held ? { [Symbol.dispose]: () => letGo(child) } : undefined;
}

function letGo(child: ChildProcess): void {
  child.stdin?.end();
  child.unref();
}
