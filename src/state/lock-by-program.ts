import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, writeSync } from "node:fs";
import type { Lock } from "./lock.ts";
import { line, lockNote, NOTE_BYTES, signature, SIGNATURE_BYTES } from "./lock-text.ts";

/**
 * Without koffi: util-linux's flock(1) holds the same kernel lock for as long as it can read from
 * us, so it is free the moment we die.
 */
export async function lockByProgram(path: string): Promise<Lock | undefined> {
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
