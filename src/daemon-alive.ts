import { sameProcess } from "../proc/pid.ts";
import type { ProcReader } from "../proc/reader.ts";
import { type DaemonInfo, readDaemonInfo } from "./daemon-info.ts";
import type { StateDir } from "./program/state-dir.ts";

/** The usrsvcd of this state folder, if it lives: its record names its pid and start time. */
export function livingDaemon(state: StateDir, proc: ProcReader): DaemonInfo | undefined {
  const info = readDaemonInfo(state.daemonFile, proc.bootId());
  if (info === undefined) return undefined;
  return sameProcess(proc.alive(info.process.pid), info.process) ? info : undefined;
}

/** True while a usrsvcd supervises the programs of this state folder. */
export function daemonRuns(state: StateDir, proc: ProcReader): boolean {
  return livingDaemon(state, proc) !== undefined;
}
