import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Pid } from "../../proc/pid.ts";
import type { ProcReader } from "../../proc/reader.ts";
import { fileStem, type StateDir } from "./state-dir.ts";

const ENDING = ".stop";

/**
 * Asks whoever is in the start window of a program to end it: the window may be long, and an
 * operator's stop need not wait for it. The file lies in the folder that usrsvcd watches, and names
 * who asks, so that one that was left behind means nothing. Dispose of it when the lock is had.
 */
export function requestStop(dir: StateDir, name: string): Disposable {
  const path = requestPath(dir, name);
  try {
    writeFileSync(path, `${process.pid}\n`, { mode: 0o600 });
  } catch {
    // then the stop has to wait for the window
  }
  return { [Symbol.dispose]: () => rmSync(path, { force: true }) };
}

/** True while somebody who lives asks for a stop. */
export function isStopRequested(dir: StateDir, name: string, proc: ProcReader): boolean {
  try {
    const pid = Number(readFileSync(requestPath(dir, name), "utf8").trim());
    return Number.isSafeInteger(pid) && proc.alive(pid as Pid) !== undefined;
  } catch {
    return false;
  }
}

/** The file stem of the program that a file of the watched folder asks to stop, if it does. */
export function stopRequestStem(file: string): string | undefined {
  return file.endsWith(ENDING) ? file.slice(0, -ENDING.length) : undefined;
}

function requestPath(dir: StateDir, name: string): string {
  return join(dir.programs, `${fileStem(name)}${ENDING}`);
}
