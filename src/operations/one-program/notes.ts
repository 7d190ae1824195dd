import type { Pid } from "../../../proc/pid.ts";
import type { Host } from "../../host/host.ts";
import { removePidfile, writePidfile } from "../../state/pidfile.ts";
import type { ProgramRecord } from "../../state/record.ts";
import type { RecordStore } from "../../state/record-store.ts";
import { removeStalePidfile } from "../../lifecycle/stale-pidfile.ts";
import type { Program } from "../../identity/program.ts";

/** Writes the record, and notes which process is whose: the next program may be looked for at once. */
export function save(store: RecordStore, host: Host, record: ProgramRecord): void {
  store.write(record);
  host.claim(record.name, record);
}

/** A full disk must not keep an operator from stopping what fills it. False: usrsvcd does not know of it. */
export function trySave(
  store: RecordStore,
  host: Host,
  record: ProgramRecord,
  complaints: string[],
): boolean {
  try {
    save(store, host, record);
    return true;
  } catch (error) {
    complaints.push(
      `its record in ${host.state.programs} could not be written (${(error as Error).message}): ` +
        "usrsvcd will not know that this was intended: repeat the command when that is fixed",
    );
    return false;
  }
}

/** Recreates the pidfile; yields what to report. */
export function mendPidfile(path: string, pid: Pid): string {
  try {
    writePidfile(path, pid);
    return `pidfile ${path} recreated`;
  } catch (error) {
    return `pidfile ${path} could not be written: ${(error as Error).message}`;
  }
}

/** Removes it if it names `pid`; yields why that failed. */
export function dropPidfile({ autopid, pidfile }: Program, pid: Pid): readonly string[] {
  if (!autopid || pidfile === undefined) return [];
  try {
    removePidfile(pidfile, pid);
    return [];
  } catch (error) {
    return [`pidfile ${pidfile} could not be removed: ${(error as Error).message}`];
  }
}

/** The same if it names another, or one that is long gone; yields what to report. */
export function dropStalePidfile(program: Program, host: Host): readonly string[] {
  try {
    const stale = removeStalePidfile(program, host);
    return stale === undefined ? [] : [stale.text];
  } catch (error) {
    return [`pidfile ${program.pidfile} could not be removed: ${(error as Error).message}`];
  }
}
