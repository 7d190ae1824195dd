import { closeSync, openSync } from "node:fs";
import type { TestContext } from "node:test";
import koffi from "koffi";
import { cleanUp } from "./clean-up.ts";

const F_SETSIG = 10;
const F_SETLEASE = 1024;
const F_WRLCK = 1;
/** The kernel tells the holder by a signal: by one that nobody minds. */
const SIGURG = 23;

/**
 * Makes each open of a file hang, execve(2)'s included, as on a file system that does not answer: a
 * lease on it is asked back, and not given (fcntl(2), F_SETLEASE; the kernel takes it after 45 s).
 * Yields what gives it back, which is
 * done after the test as well; undefined where the file system knows no leases.
 */
export function hangOnOpen(t: TestContext, path: string): (() => void) | undefined {
  const fd = openSync(path, "r");
  let isHeld = true;
  const giveBack = (): void => {
    if (isHeld) closeSync(fd);
    isHeld = false;
  };
  cleanUp(t, giveBack);
  const fcntl = koffi.load(null).func("int fcntl(int fd, int command, int argument)");
  const isLeased = fcntl(fd, F_SETSIG, SIGURG) === 0 && fcntl(fd, F_SETLEASE, F_WRLCK) === 0;
  return isLeased ? giveBack : undefined;
}
