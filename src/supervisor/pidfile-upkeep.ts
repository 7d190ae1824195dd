import type { Pid } from "../../proc/pid.ts";
import type { ProgramSettings } from "../config/settings.ts";
import type { Host } from "../host/host.ts";
import type { Found } from "../identity/found.ts";
import type { Program } from "../identity/program.ts";
import { removeStalePidfile } from "../lifecycle/stale-pidfile.ts";
import { readPidfile, removePidfile, writePidfile } from "../state/pidfile.ts";
import type { Ledger } from "./ledger.ts";

type PidfileSettings = Pick<ProgramSettings, "autopid" | "pidfile">;

/** The pidfile of one program, for which usrsvcd answers unless the program writes it itself. */
export class PidfileUpkeep {
  readonly #ledger: Ledger;
  /** The pidfile that could not be written for this process: tried again at each slow look. */
  #unwritable: string | undefined;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  /** True while it could not be written: the disk is full, perhaps. */
  get isLacking(): boolean {
    return this.#unwritable !== undefined;
  }

  /** Another process is to be named there: what became of the file before says nothing. */
  renew(): void {
    this.#unwritable = undefined;
  }

  /** A start has written it, or has told in a note that it could not. */
  noteStart({ autopid, pidfile }: PidfileSettings, pid: Pid): void {
    if (!autopid) return;
    const noted = readPidfile(pidfile);
    if (noted.kind !== "pid" || noted.pid !== pid) this.#unwritable = pidfile;
  }

  /** True where a look saw `pid` there. */
  isRight({ autopid }: PidfileSettings, { pidfile }: Found, pid: Pid): boolean {
    return !autopid || (pidfile.kind === "pid" && pidfile.pid === pid);
  }

  /** Writes it anew. */
  mend({ pidfile }: PidfileSettings, pid: Pid): void {
    try {
      writePidfile(pidfile, pid);
      const what = this.#unwritable === pidfile ? "written" : "recreated";
      this.#unwritable = undefined;
      this.#ledger.emit({ kind: "program.pidfile-repaired", what, pidfile, pid });
    } catch (error) {
      if (this.#unwritable === pidfile) return; // told once
      this.#unwritable = pidfile;
      const reason = (error as Error).message;
      const warning = { what: "pidfile-unwritable", pid, pidfile, reason } as const;
      this.#ledger.emit({ kind: "program.warning", ...warning });
    }
  }

  /** This process has died. */
  drop({ autopid, pidfile }: PidfileSettings, pid: Pid): void {
    if (autopid) removePidfile(pidfile, pid);
  }

  /** It stays down: nobody is to be misled. */
  dropStale(program: Program, { pidfile }: PidfileSettings, host: Host): void {
    try {
      const stale = removeStalePidfile(program, host);
      if (stale === undefined) return;
      const { text } = stale;
      if (stale.isRemoved)
        this.#ledger.emit({ kind: "program.pidfile-repaired", what: "removed", pidfile, text });
      else this.#ledger.emit({ kind: "program.warning", what: "pidfile-kept", pidfile, text });
    } catch (error) {
      const reason = (error as Error).message;
      this.#ledger.emit({ kind: "program.warning", what: "pidfile-unremovable", pidfile, reason });
    }
  }
}
