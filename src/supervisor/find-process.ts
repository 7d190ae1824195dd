import { type ProcessRef, sameProcess } from "../../proc/pid.ts";
import type { Host } from "../host/host.ts";
import type { Heir } from "../identity/heir.ts";
import type { Found } from "../identity/found.ts";
import { relation } from "../identity/lineage.ts";
import { lookFor } from "../identity/program.ts";
import type { ProgramRecord } from "../state/record.ts";
import { gone, held as asHeld } from "../state/transitions.ts";
import { LOOK, type Supervised } from "./context.ts";
import type { Leftovers } from "./leftovers.ts";
import type { Ends } from "./ends.ts";
import type { Ledger } from "./ledger.ts";
import type { MainProcess } from "./main-process.ts";
import type { WatchedProcess } from "./watched-process.ts";

const ABSENT: Found = { kind: "absent", pidfile: { kind: "none" } };

/** What a program's process is known by, besides its settings. */
export interface FinderPorts {
  readonly host: Host;
  readonly ledger: Ledger;
  readonly ends: Ends;
  readonly watched: Pick<WatchedProcess, "main">;
  readonly leftovers: Leftovers;
}

/** Looks for the process of one program, and says what a look means. */
export class ProcessFinder {
  readonly #host: Host;
  readonly #ledger: Ledger;
  readonly #ends: Ends;
  readonly #main: MainProcess;
  readonly #leftovers: Leftovers;
  readonly #now: Supervised;

  constructor(now: Supervised, { host, ledger, ends, watched, leftovers }: FinderPorts) {
    this.#now = now;
    this.#host = host;
    this.#ledger = ledger;
    this.#ends = ends;
    this.#main = watched.main;
    this.#leftovers = leftovers;
  }

  /** The process that runs, as far as was known, has ended. */
  get isEndTold(): boolean {
    return this.#now.state.kind === "running" && this.#main.hasEnded;
  }

  /** What is held lives, and is the program, whatever became of its record, its pidfile and its title. */
  look(scan: boolean): Found {
    const host = this.#host;
    const { program } = this.#now;
    const held = this.#main.process;
    const isHeld = held !== undefined && sameProcess(host.proc.alive(held.pid), held);
    const record = isHeld ? asHeld(this.#ledger.base(), held) : this.#ledger.record;
    const found = lookFor(program, record, host, { ...LOOK, scan });
    this.#tellDear();
    return found;
  }

  /** Without the lock: mostly there is nothing to do, and nobody is kept waiting. */
  lookFirst(): Found {
    const { state, program } = this.#now;
    return this.look(state.kind !== "running" || program.pattern.isShell);
  }

  /**
   * The quick look found nothing; now that the lock is held, the record may say otherwise. Where a
   * start follows, the thorough look is made right before it; elsewhere here.
   */
  lookAgain(): Found {
    const { state, settings } = this.#now;
    const record = this.#recordOfLiving();
    const restarts =
      settings.autorestart === true && settings.enabled && record?.desired !== "down";
    if (!restarts || state.kind !== "running") return this.look(true);
    if (this.isEndTold && record?.process === undefined) return ABSENT;
    return this.look(false);
  }

  /** What goes on in the place of the process that has ended. */
  async findHeir(): Promise<Heir | undefined> {
    const { program, state } = this.#now;
    const { record } = this.#ledger;
    if (state.kind === "unknown" && record?.desired !== "down") {
      return await this.#leftovers.heirOfUnseen(program, record);
    }
    if (state.kind !== "running" || !this.isEndTold) return undefined;
    if (record === undefined || record.desired === "down") return undefined;
    if (!sameProcess(record.process, state.process)) return undefined;
    const { exe, exit } = this.#main;
    return await this.#leftovers.heir(program, record, { exe, exit });
  }

  /** True where a look saw the process that is held. */
  isHeld(found: Found): boolean {
    return found.kind === "running" && sameProcess(found.process, this.#main.process);
  }

  /** True where its lineage says that it is this program's. */
  isOwn(process: ProcessRef): boolean {
    return relation(process, this.#ledger.name, this.#host) === "own";
  }

  /** Another program may have claimed it since the look. */
  isTaken(process: ProcessRef): boolean {
    const owner = this.#host.ownerOf(process);
    return owner !== undefined && owner !== this.#ledger.name;
  }

  /** Another program took it up just now. The next look passes it over, but not what is on our record. */
  wasQuicker(found: Found): boolean {
    return (
      found.kind === "running" &&
      this.isTaken(found.process) &&
      !sameProcess(this.#ledger.record?.process, found.process)
    );
  }

  /** Notes an end that nobody saw. True when it ran in this boot, and ended while usrsvcd was away. */
  noteUnseenDeath(found: Found): boolean {
    const { record } = this.#ledger;
    const { state } = this.#now;
    const { kind } = state;
    if (kind === "stopping" || found.kind === "running") return false;
    if (record?.process === undefined) return false;
    if (record.state !== "running") {
      if (record.state === "starting" || kind !== "unknown") return false;
      this.#leftovers.note(record.process, record); // who ended what was left was killed in the middle
      return true;
    }
    // An operator may have put another in the place of what was held, which ended as well.
    if (kind === "running" && sameProcess(record.process, state.process)) return false;
    this.#leftovers.note(record.process, record);
    this.#host.claim(this.#ledger.name, undefined);
    const reason =
      kind === "unknown"
        ? "ended while usrsvcd was not running"
        : "ended right after its start, before usrsvcd could hold on to it";
    this.#ends.diedUnseen(record.process, reason);
    return kind === "unknown";
  }

  /** The record, without the process of which the end was told; another's may be there by now. */
  #recordOfLiving(): ProgramRecord | undefined {
    const { record } = this.#ledger;
    const { state } = this.#now;
    if (record === undefined || state.kind !== "running") return record;
    const hasEnded = this.isEndTold && sameProcess(record.process, state.process);
    return hasEnded ? gone(record) : record;
  }

  /** An expression that is too dear is a fault of this program alone. */
  #tellDear(): void {
    const reason = this.#now.program.pattern.takeTrouble?.();
    if (reason === undefined) return;
    this.#ledger.emit({ kind: "program.error", what: "expression", reason });
  }
}
