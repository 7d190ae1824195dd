import { ProcError } from "../../proc/error.ts";
import { type Pid, type ProcessRef, sameProcess } from "../../proc/pid.ts";
import type { ProcReader } from "../../proc/reader.ts";
import { isDead, type Stat } from "../../proc/stat.ts";
import { ageMs } from "../../proc/uptime.ts";

/** One own, living process. */
export interface TableEntry {
  readonly ref: ProcessRef;
  readonly ppid: number;
  readonly pgrp: number;
  readonly session: number;
  readonly argv: readonly string[];
}

/** Age up to which a process may still get another title or user, in ms. */
const YOUNG_MS = 10_000;
/** Within this time a young process is not classified again, so that many looks in a row stay cheap. */
const REST_MS = 50;
/** At least so old is what is there, in ms. */
const JUST_SEEN = 1;
/** Pid of the parent of all kernel threads. */
const KTHREADD = 2;

/** What is known of a pid. */
export interface Classified {
  /** Undefined: another user's. */
  readonly entry: TableEntry | undefined;
  /** On our clock: so old it was, at least, when it was looked at last. */
  readonly classifiedAt: number;
  readonly ageMs: number;
}

/** Facts of one look through the processes, and how it is made (ScanOptions). */
export interface Look {
  readonly now: number;
  readonly uptime: () => number;
  readonly thorough: boolean;
  readonly trusting: boolean;
}

/** Tells whose a process is, with as few reads of /proc as can be. */
export class ProcessClassifier {
  readonly #proc: ProcReader;
  readonly #uid: number;
  #changes = 0;

  /** `uid`: whose processes are own ones. */
  constructor(proc: ProcReader, uid: number) {
    this.#proc = proc;
    this.#uid = uid;
  }

  /** Goes up whenever an own process is new, or has another command line. */
  get changes(): number {
    return this.#changes;
  }

  /**
   * Classifies what has this pid now; `known`: what came of the last look. Undefined when no
   * process has it, or that is dead, or not visible to us.
   */
  classify(pid: Pid, known: Classified | undefined, look: Look): Classified | undefined {
    const { now, uptime, trusting } = look;
    const isSettled = known !== undefined && !isDue(known, look);
    if (isSettled && (known.entry === undefined || trusting)) return known;
    try {
      // Whose it is takes a fifth of the time that its age takes, which may wait for the next look.
      if (known === undefined && this.#proc.uid(pid) !== this.#uid) {
        return { entry: undefined, classifiedAt: now, ageMs: JUST_SEEN };
      }
      const stat = this.#proc.stat(pid);
      if (isDead(stat)) return undefined;
      if (isSettled && known.entry?.ref.startTime === stat.startTime) {
        return sameKin(known.entry, stat)
          ? known
          : { ...known, entry: { ...known.entry, ...kinOf(stat) } };
      }
      const age = ageMs(stat.startTime, uptime());
      const mine = this.#proc.uid(pid) === this.#uid;
      const entry = mine && !isKernelThread(stat) ? this.#read(pid, stat) : undefined;
      if (entry !== undefined && !isSameCommand(known?.entry, entry)) this.#changes += 1;
      // A process in the middle of exec shows no argv for a moment: look again next time.
      const seenAge = entry?.argv.length === 0 ? 0 : Math.max(1, age);
      return { entry, classifiedAt: now, ageMs: seenAge };
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

/**
 * True for a process that is to be classified again, since it may have become another program: a young
 * one, in a thorough look or when it is twice as old as it was when it was looked at last.
 */
export function isDue(
  { classifiedAt, ageMs: age }: Classified,
  { now, thorough }: Pick<Look, "now" | "thorough">,
): boolean {
  if (age >= YOUNG_MS) return false;
  return thorough || age === 0 || now - classifiedAt >= Math.max(age, REST_MS);
}

/** A kernel thread, which root has as its own: a child of kthreadd, in no group and no session. */
function isKernelThread({ pid, ppid, pgrp, session }: Stat): boolean {
  return pgrp === 0 && session === 0 && (ppid === KTHREADD || Number(pid) === KTHREADD);
}

function isSameCommand(a: TableEntry | undefined, b: TableEntry): boolean {
  return sameProcess(a?.ref, b.ref) && a?.argv.join("\0") === b.argv.join("\0");
}

function kinOf({ ppid, pgrp, session }: Stat): Pick<TableEntry, "ppid" | "pgrp" | "session"> {
  return { ppid, pgrp, session };
}

function sameKin(entry: TableEntry, { ppid, pgrp, session }: Stat): boolean {
  return entry.ppid === ppid && entry.pgrp === pgrp && entry.session === session;
}
