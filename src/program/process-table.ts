import { ProcError } from "../../proc/error.ts";
import type { Pid, ProcessRef } from "../../proc/pid.ts";
import type { ProcReader } from "../../proc/reader.ts";
import { isDead } from "../../proc/stat.ts";
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

interface Judged {
  /** Undefined: another user's. */
  readonly entry: TableEntry | undefined;
  readonly startTime: number;
  /** On our clock: judge again until then. */
  readonly settledAt: number;
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

  constructor(proc: ProcReader, uid: number) {
    this.#proc = proc;
    this.#uid = uid;
  }

  /**
   * Looks now; or gives the last look again if that is no older than `maxAgeMs`, for many programs
   * that ask at once. What such a look shows may have ended meanwhile.
   */
  sweep(maxAgeMs = 0): readonly TableEntry[] {
    const now = monotonicMs();
    if (now - this.#sweptAt < maxAgeMs) return this.#entries;
    const lastPid = this.#proc.lastPid() ?? 0;
    if (lastPid < this.#lastPid) this.#judged.clear();
    this.#lastPid = lastPid;
    const uptime = this.#proc.uptime();
    const judged = new Map<Pid, Judged>();
    const entries: TableEntry[] = [];
    for (const pid of this.#proc.pids()) {
      const known = this.#judged.get(pid);
      const one = this.#judge(pid, known, now, uptime);
      if (one === undefined) continue;
      judged.set(pid, one);
      if (one.entry !== undefined) entries.push(one.entry);
    }
    this.#judged = judged;
    this.#sweptAt = monotonicMs();
    this.#entries = entries;
    return entries;
  }

  /** True when no process was born since the last sweep and none is young: it would show nothing new. */
  isCurrent(): boolean {
    if (this.#lastPid === 0 || this.#proc.lastPid() !== this.#lastPid) return false;
    const now = monotonicMs();
    for (const one of this.#judged.values()) if (one.settledAt > now) return false;
    return true;
  }

  #judge(pid: Pid, known: Judged | undefined, now: number, uptime: number): Judged | undefined {
    if (known !== undefined && known.settledAt <= now && known.entry === undefined) return known;
    try {
      const stat = this.#proc.stat(pid);
      if (isDead(stat)) return undefined;
      const settled = known?.startTime === stat.startTime && known.settledAt <= now;
      if (settled && known.entry !== undefined) {
        return stat.ppid === known.entry.ppid && stat.pgrp === known.entry.pgrp
          ? known
          : { ...known, entry: { ...known.entry, ppid: stat.ppid, pgrp: stat.pgrp } };
      }
      const age = (uptime - stat.startTime / 100) * 1000;
      const settledAt = age > YOUNG_MS ? now : now + YOUNG_MS - Math.max(0, age);
      const mine = this.#proc.uid(pid) === this.#uid;
      const entry = mine ? this.#read(pid, stat) : undefined;
      // A process in the middle of exec shows no argv for a moment: look again.
      const unsettled = mine && entry?.argv.length === 0;
      return { entry, startTime: stat.startTime, settledAt: unsettled ? now + 1 : settledAt };
    } catch (error) {
      if (error instanceof ProcError) return undefined; // gone, or not for us
      throw error;
    }
  }

  #read(pid: Pid, stat: ReturnType<ProcReader["stat"]>): TableEntry {
    return {
      ref: { pid, startTime: stat.startTime },
      ppid: stat.ppid,
      pgrp: stat.pgrp,
      session: stat.session,
      argv: this.#proc.cmdline(pid),
    };
  }
}
