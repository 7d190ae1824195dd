import { type ProcessRef, sameProcess } from "../../proc/pid.ts";
import type { Host } from "../host/host.ts";
import type { Heir } from "../identity/heir.ts";
import type { Found } from "../identity/found.ts";
import { relation } from "../identity/lineage.ts";
import { lookFor } from "../identity/program.ts";
import type { ProgramRecord } from "../state/record.ts";
import { gone } from "../state/record-facts.ts";
import { held as asHeld } from "../state/transitions.ts";
import { LOOK, type Supervised } from "./context.ts";
import type { Leftovers } from "./leftovers.ts";
import type { Ends } from "./ends.ts";
import type { Holding } from "./holding.ts";
import type { Ledger } from "./ledger.ts";
import type { WatchedProcess } from "./watched-process.ts";

const ABSENT: Found = { kind: "absent", pidfile: { kind: "none" } };

/** What a program's process is known by, besides its settings. */
export interface FinderPorts {
  readonly host: Host;
  readonly ledger: Ledger;
  readonly ends: Ends;
  readonly holding: Pick<Holding, "isHeld">;
  readonly watched: Pick<WatchedProcess, "main">;
  readonly leftovers: Leftovers;
}

/** Looks for the process of one program, and says what a look means. */
export class ProcessFinder {
  readonly #now: Supervised;
  readonly #by: FinderPorts;

  constructor(now: Supervised, by: FinderPorts) {
    this.#now = now;
    this.#by = by;
  }

  /** The process that runs, as far as was known, has ended. */
  get isEndTold(): boolean {
    return this.#now.state.kind === "running" && this.#by.watched.main.hasEnded;
  }

  /** What is held lives, and is the program, whatever became of its record, its pidfile and its title. */
  look(scan: boolean): Found {
    const host = this.#by.host;
    const { program } = this.#now;
    const held = this.#by.watched.main.process;
    const isHeld = held !== undefined && sameProcess(host.proc.alive(held.pid), held);
    const record = isHeld ? asHeld(this.#by.ledger.base(), held) : this.#by.ledger.record;
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
      settings.autorestart === true &&
      settings.enabled &&
      record?.desired !== "down" &&
      !this.#by.holding.isHeld;
    if (!restarts || state.kind !== "running") return this.look(true);
    if (this.isEndTold && record?.process === undefined) return ABSENT;
    return this.look(false);
  }

  /** What goes on in the place of the process that has ended. */
  async findHeir(): Promise<Heir | undefined> {
    const { program, state } = this.#now;
    const { record } = this.#by.ledger;
    if (record?.process === undefined) return undefined;
    // What an operator ends has no heirs, but what runs against that wish may have some.
    if (record.desired === "down" && record.state !== "running") return undefined;
    const { process } = record;
    if (this.isEndTold && state.kind === "running" && sameProcess(process, state.process)) {
      const { exe, exit } = this.#by.watched.main;
      return await this.#by.leftovers.heir(program, record, { exe, exit });
    }
    if (sameProcess(this.#by.host.proc.alive(process.pid), process)) return undefined;
    return await this.#by.leftovers.heirOfUnseen(program, record); // nobody held it
  }

  /** True where a look saw the process that is held. */
  isHeld(found: Found): boolean {
    return found.kind === "running" && sameProcess(found.process, this.#by.watched.main.process);
  }

  /** True where its lineage says that it is this program's. */
  isOwn(process: ProcessRef): boolean {
    return relation(process, this.#by.ledger.name, this.#by.host) === "own";
  }

  /** Another program may have claimed it since the look. */
  isTaken(process: ProcessRef): boolean {
    const owner = this.#by.host.ownerOf(process);
    return owner !== undefined && owner !== this.#by.ledger.name;
  }

  /** Another program took it up just now. The next look passes it over, but not what is on our record. */
  wasQuicker(found: Found): boolean {
    return (
      found.kind === "running" &&
      this.isTaken(found.process) &&
      !sameProcess(this.#by.ledger.record?.process, found.process)
    );
  }

  /** Notes an end that nobody saw. True when it ran in this boot, and ended while usrsvcd was away. */
  noteUnseenDeath(found: Found): boolean {
    const { record } = this.#by.ledger;
    const { state } = this.#now;
    const { kind } = state;
    if (kind === "stopping" || found.kind === "running") return false;
    if (record?.process === undefined) return false;
    if (record.state !== "running") {
      if (record.state === "starting" || kind !== "unknown") return false;
      this.#by.leftovers.note(record.process, record); // who ended what was left was killed in the middle
      return true;
    }
    // An operator may have put another in the place of what was held, which ended as well.
    if (kind === "running" && sameProcess(record.process, state.process)) return false;
    this.#by.leftovers.note(record.process, record);
    this.#by.host.claim(this.#by.ledger.name, undefined);
    const reason =
      kind === "unknown"
        ? "ended while usrsvcd was not running"
        : "ended right after its start, before usrsvcd could hold on to it";
    this.#by.ends.diedUnseen(record.process, reason, this.#now.settings);
    return kind === "unknown";
  }

  /** The record, without the process of which the end was told; another's may be there by now. */
  #recordOfLiving(): ProgramRecord | undefined {
    const { record } = this.#by.ledger;
    const { state } = this.#now;
    if (record === undefined || state.kind !== "running") return record;
    const hasEnded = this.isEndTold && sameProcess(record.process, state.process);
    return hasEnded ? gone(record) : record;
  }

  /** An expression that is too dear is a fault of this program alone. */
  #tellDear(): void {
    const reason = this.#now.program.pattern.takeTrouble?.();
    if (reason === undefined) return;
    this.#by.ledger.emit({ kind: "program.error", what: "expression", reason });
  }
}
