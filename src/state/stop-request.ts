import { lstatSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Pid, sameProcess, type Ticks } from "../../proc/pid.ts";
import type { ProcReader } from "../../proc/reader.ts";
import { readFileHead } from "../lib/read-file.ts";
import { writeByRename } from "../lib/write-file.ts";
import { fileStem, type StateDir } from "./state-dir.ts";

const ENDING = ".stop";
/** No request is longer. */
const MOST_BYTES = 256;

/** What whoever asks has in mind: to end the program, or to end it and start it anew. */
export type RequestedAct = "stop" | "restart";

/**
 * Asks whoever is in the start window of a program to end it: the window may be long, and an
 * operator's stop need not wait for it. The file lies in the folder that usrsvcd watches, and names
 * who asks, so that one that was left behind means nothing, though its pid be another's by now.
 * Dispose of it when the lock is had.
 */
export function requestStop(
  dir: StateDir,
  name: string,
  proc: ProcReader,
  act: RequestedAct = "stop",
): Disposable {
  const path = requestPath(dir, name);
  const me = proc.alive(process.pid as Pid);
  const text = `${process.pid} ${me?.startTime} ${proc.bootId()} ${act}\n`;
  try {
    writeByRename(path, text, { folder: dir.locks });
  } catch {
    // then the stop has to wait for the window
  }
  return {
    [Symbol.dispose]: () => {
      // Another's, by now, is not ours to take back.
      if (readRequest(path) === text) rmSync(path, { force: true });
    },
  };
}

/**
 * True while somebody who lives asks for a stop. What was left behind is removed. (One that comes in
 * that very moment may go with it: then that stop has to wait for the window.)
 */
export function isStopRequested(dir: StateDir, name: string, proc: ProcReader): boolean {
  return requestedAct(dir, name, proc) !== undefined;
}

/** What somebody who lives asks for; undefined when nobody asks. */
export function requestedAct(
  dir: StateDir,
  name: string,
  proc: ProcReader,
): RequestedAct | undefined {
  const words = liveRequest(requestPath(dir, name), proc);
  if (words === undefined) return undefined;
  return words.at(-1) === "restart" ? "restart" : "stop";
}

/** Removes the request of a caller that was killed before it could withdraw it. */
export function removeOldRequest(dir: StateDir, name: string, proc: ProcReader): void {
  liveRequest(requestPath(dir, name), proc);
}

/** The same for all programs, those among them that are configured no more. */
export function removeOldRequests(dir: StateDir, proc: ProcReader): void {
  for (const file of requests(dir)) liveRequest(join(dir.programs, file), proc);
}

/** The file stem of the program that a file of the watched folder asks to stop, if it does. */
export function stopRequestStem(file: string): string | undefined {
  return file.endsWith(ENDING) ? file.slice(0, -ENDING.length) : undefined;
}

function requestPath(dir: StateDir, name: string): string {
  return join(dir.programs, `${fileStem(name)}${ENDING}`);
}

function requests(dir: StateDir): readonly string[] {
  try {
    return readdirSync(dir.programs).filter((file) => stopRequestStem(file) !== undefined);
  } catch {
    return []; // nothing was ever started
  }
}

/** The words of a request whose maker lives; any other is removed. Nearly always there is none. */
function liveRequest(path: string, proc: ProcReader): readonly string[] | undefined {
  try {
    if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return undefined;
  } catch {
    return undefined; // the folder may not be entered: nobody could have put it there
  }
  const words = (readRequest(path) ?? "").trim().split(" ");
  const [pid, startTime, boot] = words;
  const asker = { pid: Number(pid) as Pid, startTime: Number(startTime) as Ticks };
  if (boot === proc.bootId() && Number.isSafeInteger(asker.pid)) {
    if (sameProcess(proc.alive(asker.pid), asker)) return words;
  }
  try {
    rmSync(path, { force: true });
  } catch {
    // no request of ours: a folder
  }
  return undefined;
}

/** Undefined where there is none, or something else. */
function readRequest(path: string): string | undefined {
  try {
    return readFileHead(path, { most: MOST_BYTES, followsLinks: false, owner: "us" }).text;
  } catch {
    return undefined;
  }
}
