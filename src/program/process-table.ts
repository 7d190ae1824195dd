import { ProcError } from "../../proc/error.ts";
import type { Pid, ProcessRef } from "../../proc/pid.ts";
import type { ProcReader } from "../../proc/reader.ts";
import { isDead, type Stat } from "../../proc/stat.ts";
import { ageMs } from "../../proc/uptime.ts";
import { monotonicMs } from "../clock.ts";

/** One own, living process. */
export interface TableEntry {
  readonly ref: ProcessRef;
  readonly ppid: number;
  readonly pgrp: number;
  readonly session: number;
  readonly argv: readonly string[];
}

/** So long after its birth a process may still get another title, or another user. */
const YOUNG_MS = 10_000;

/** What was seen longer ago is read anew: pids may have wrapped around meanwhile, unnoticed. */
const FORGET_MS = 60_000;

interface Judged {
  /** Undefined: another user's. */
  readonly entry: TableEntry | undefined;
  readonly startTime: number;
  /** On our clock: so old it was when it was looked at last. */
  readonly judgedAt: number;
  readonly ageMs: number;
}

/** How a look through the processes is made. */
export interface SweepOptions {
  /**
   * The last look is given again if it is no older, for many programs that ask at once. What it
   * shows may have ended meanwhile.
   */
  readonly maxAgeMs?: number;
  /**
   * Read every young process again, since one may just have set its title. Otherwise one that was
   * looked at is looked at again when it is twice as old.
   */
  readonly thorough?: boolean;
}

/**
 * All processes of this user, from as few reads of /proc as can be: one sweep serves all programs
 * that wait for one, and reads only pids that are new or young. Own processes are checked each
 * time by their start time (a pid may be reused); those of others are read again when pids have
 * wrapped around.
 */
export class ProcessTable {
  readonly #proc: ProcReader;
  readonly #uid: number;
  #judged = new Map<Pid, Judged>();
  #lastPid = 0;
  #sweptAt = Number.NEGATIVE_INFINITY;
  #entries: readonly TableEntry[] = [];
  #soon: Promise<readonly TableEntry[]> | undefined;

  constructor(proc: ProcReader, uid: number) {
    this.#proc = proc;
    this.#uid = uid;
  }

  /** Looks now. */
  sweep({ maxAgeMs = 0, thorough = false }: SweepOptions = {}): readonly TableEntry[] {
    const now = monotonicMs();
    if (now - this.#sweptAt < maxAgeMs) return this.#entries;
    const lastPid = this.#proc.lastPid() ?? 0;
    if (lastPid < this.#lastPid || now - this.#sweptAt > FORGET_MS) this.#judged.clear();
    this.#lastPid = lastPid;
    const uptime = this.#proc.uptime();
    const judged = new Map<Pid, Judged>();
    const entries: TableEntry[] = [];
    for (const pid of this.#proc.pids()) {
      const known = this.#judged.get(pid);
      const one = this.#judge(pid, known, { now, uptime, thorough });
      if (one === undefined) continue;
      judged.set(pid, one);
      if (one.entry !== undefined) entries.push(one.entry);
    }
    this.#judged = judged;
    this.#sweptAt = monotonicMs();
    this.#entries = entries;
    return entries;
  }

  /** One look for all who ask until the event loop turns. */
  async sweepSoon(): Promise<readonly TableEntry[]> {
    this.#soon ??= new Promise((resolve, reject) => {
      setImmediate(() => {
        this.#soon = undefined;
        try {
          resolve(this.sweep());
        } catch (error) {
          reject(error);
        }
      });
    });
    return await this.#soon;
  }

  /** True when no process was born since the last sweep and none is young: it would show nothing new. */
  isCurrent(): boolean {
    if (this.#lastPid === 0 || this.#proc.lastPid() !== this.#lastPid) return false;
    const now = monotonicMs();
    for (const one of this.#judged.values()) {
      if (one.ageMs < YOUNG_MS && isDue(one, now)) return false;
    }
    return true;
  }

  #judge(pid: Pid, known: Judged | undefined, look: Look): Judged | undefined {
    const { now, uptime, thorough } = look;
    const isSettled =
      known !== undefined && (known.ageMs >= YOUNG_MS || (!thorough && !isDue(known, now)));
    if (isSettled && known.entry === undefined) return known;
    try {
      const stat = this.#proc.stat(pid);
      if (isDead(stat)) return undefined;
      if (isSettled && known.startTime === stat.startTime && known.entry !== undefined) {
        return sameKin(known.entry, stat)
          ? known
          : { ...known, entry: { ...known.entry, ppid: stat.ppid, pgrp: stat.pgrp } };
      }
      const age = ageMs(stat.startTime, uptime);
      const mine = this.#proc.uid(pid) === this.#uid;
      const entry = mine ? this.#read(pid, stat) : undefined;
      // A process in the middle of exec shows no argv for a moment: look again next time.
      const seenAge = entry?.argv.length === 0 ? 0 : age;
      return { entry, startTime: stat.startTime, judgedAt: now, ageMs: seenAge };
    } catch (error) {
      if (error instanceof ProcError) return undefined; // gone, or not for us
      throw error;
    }
  }

  #read(pid: Pid, stat: Stat): TableEntry {
    return {
      ref: { pid, startTime: stat.startTime },
      ppid: stat.ppid,
      pgrp: stat.pgrp,
      session: stat.session,
      argv: this.#proc.cmdline(pid),
    };
  }
}

interface Look {
  readonly now: number;
  readonly uptime: number;
  readonly thorough: boolean;
}

/** True when a young process is twice as old as it was when it was looked at last. */
function isDue({ judgedAt, ageMs: age }: Judged, now: number): boolean {
  return now - judgedAt >= age;
}

function sameKin(entry: TableEntry, stat: Stat): boolean {
  return entry.ppid === stat.ppid && entry.pgrp === stat.pgrp;
}
