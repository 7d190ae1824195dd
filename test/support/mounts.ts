import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmdirSync, writeSync, closeSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { cleanUp } from "./clean-up.ts";

/*
 * Small disks that fill up and go read-only. Only root may mount, and not in each container.
 */

/** Why nothing can be mounted here; false where it can. */
export const cannotMount: string | false = whyNot();

function whyNot(): string | false {
  if (process.getuid?.() !== 0) return "only root can mount a small disk";
  const path = mkdtempSync("/tmp/usrsvc-mount-");
  try {
    mount("-t", "tmpfs", "tmpfs", path);
    unmount(path);
    return false;
  } catch {
    return "nothing can be mounted here";
  } finally {
    rmdirSync(path);
  }
}

/** A disk of so many kB at `path`. */
export function smallDisk(t: TestContext, path: string, kB = 400): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  mount("-t", "tmpfs", "-o", `size=${kB}k,nr_inodes=100,mode=0700`, "tmpfs", path);
  cleanUp(t, () => unmount(path));
}

/** Fills the disk below `path`; yields how room is made again. */
export function fill(path: string): () => void {
  const file = join(path, "fill");
  const fd = openSync(file, "w");
  try {
    for (;;) writeSync(fd, Buffer.alloc(4096));
  } catch {
    // that is full
  } finally {
    closeSync(fd);
  }
  return () => rmSync(file);
}

/** Files below `path` can no longer be opened to write; yields how that is mended. */
export function makeReadOnly(t: TestContext, path: string): () => void {
  mount("--bind", path, path);
  mount("-o", "remount,ro,bind", path);
  let isMended = false;
  const mend = (): void => {
    if (!isMended) unmount(path);
    isMended = true;
  };
  cleanUp(t, mend);
  return mend;
}

function mount(...words: readonly string[]): void {
  execFileSync("mount", words, { stdio: "ignore" });
}

/** At once, whoever has something open there. */
function unmount(path: string): void {
  execFileSync("umount", ["--lazy", path], { stdio: "ignore" });
}
