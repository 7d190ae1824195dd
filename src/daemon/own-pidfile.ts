import { CannotBegin } from "./cannot-begin.ts";
import type { Pid } from "../../proc/pid.ts";
import { machineFault } from "../lib/fault.ts";
import type { Emitter } from "../events/event.ts";
import { ExitCode } from "../exit-code.ts";
import { removePidfile, writePidfile } from "../state/pidfile.ts";

/**
 * The pidfile of usrsvcd itself. Nothing here goes by it; so a disk that is full keeps nobody from looking
 * after the programs: it is written as soon as it can be.
 */
export class OwnPidfile {
  readonly #events: Emitter;
  /** The path that could not be written. */
  #missing: string | undefined;

  constructor(events: Emitter) {
    this.#events = events;
  }

  /** @throws {CannotBegin} for what is not the machine's fault: a folder that is not there, or not ours */
  begin(path: string): void {
    try {
      this.#write(path);
    } catch (error) {
      if (machineFault(error) === undefined) throw unwritable(path, error);
      this.#missing = path;
      const reason = (error as Error).message;
      this.#events.emit({ kind: "daemon.degraded", what: "pidfile-unwritable", path, reason });
    }
  }

  /** @throws {CannotBegin} when that cannot be */
  write(path: string): void {
    try {
      this.#write(path);
    } catch (error) {
      throw unwritable(path, error);
    }
  }

  #write(path: string): void {
    writePidfile(path, process.pid as Pid);
    this.#missing = undefined;
  }

  /** To be called now and then. */
  check(): void {
    const path = this.#missing;
    if (path === undefined) return;
    try {
      this.#write(path);
    } catch {
      return; // told once
    }
    this.#events.emit({ kind: "daemon.degraded", what: "pidfile-written", path });
  }

  /** Unless it is another's by now. On a read-only disk it stays, and names nobody. */
  remove(path: string): void {
    try {
      removePidfile(path, process.pid as Pid);
    } catch (error) {
      if (machineFault(error) === undefined) throw error;
    }
  }
}

function unwritable(pidfile: string, cause: unknown): CannotBegin {
  const message = `pidfile ${pidfile} cannot be written: ${(cause as Error).message}`;
  return new CannotBegin(ExitCode.permission, message, { cause });
}
