import { ProcError } from "../../proc/error.ts";
import type { Pid } from "../../proc/pid.ts";
import type { ProcReader } from "../../proc/reader.ts";
import { monotonicMs } from "../lib/clock.ts";
import {
  isDue,
  type Classified,
  type Look,
  ProcessClassifier,
  type TableEntry,
} from "./process-classifier.ts";

/** Age from which what was seen is read again, in ms: pids may have wrapped around unnoticed. */
const FORGET_MS = 60_000;
/** No machine makes more processes than this in a ms. */
const BIRTHS_A_MS = 100;
/** Pids that are given out only once, in the first round (RESERVED_PIDS of the kernel). */
const RESERVED_PIDS = 300;
/** Age up to which a look is shared with callers that accept it, in ms. */
const SHARED_MS = 100;
/** So few new pids are tried one by one; for more, /proc is listed. */
const FEW_PIDS = 64;
/** Number of processes added one by one before /proc is listed, which shows what has ended. */
const MOST_ADDED = 500;

/** How a look through the processes is made. */
export interface ScanOptions {
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
  /**
   * What was seen before is not read again while its pid cannot have been given to another: it may
   * have ended, or have another parent or group by now. For callers that look at what they find once more.
   */
  readonly trusting?: boolean;
}

/**
 * All processes of this user, from as few reads of /proc as can be: one scan serves all programs
 * that wait for one, and reads only pids that are new or young. Own processes are checked each
 * time by their start time (a pid may be reused); those of others are read again when pids have
 * wrapped around. So are own ones in a trusting look.
 */
export class ProcessTable {
  readonly #proc: ProcReader;
  readonly #classifier: ProcessClassifier;
  #known = new Map<Pid, Classified>();
  #lastPid = 0;
  /** Processes born on the machine by the time of the last look. */
  #forks: number | undefined;
  #sweptAt = Number.NEGATIVE_INFINITY;
  /** How many were known when /proc was listed last. */
  #listed = 0;
  /** A full look knew nobody, and left open how old the processes of others are. */
  #isRough = false;
  /** The last look is not to be given again. */
  #isExpired = false;
  #entries: readonly TableEntry[] = [];
  #soon: Promise<readonly TableEntry[]> | undefined;
  readonly #leftOut = new Set<Pid>();
  /** New, and left out when trusting looks came by. */
  #passedOver = new Set<Pid>();

  constructor(proc: ProcReader, uid: number) {
    this.#proc = proc;
    this.#classifier = new ProcessClassifier(proc, uid);
  }

  /** Looks now. */
  scan(options: ScanOptions = {}): readonly TableEntry[] {
    const { maxAgeMs = 0, thorough = false } = options;
    const now = monotonicMs();
    if (now - this.#sweptAt < maxAgeMs && !this.#isExpired) return this.#entries;
    this.#isExpired = false;
    const before = this.#lastPid;
    const lastPid = this.#proc.lastPid() ?? 0;
    const hasWrapped = this.#mayHaveWrapped(now, lastPid);
    if (hasWrapped) this.#known.clear();
    this.#lastPid = lastPid;
    const trusting = options.trusting === true && lastPid > 0;
    const look = { now, uptime: once(() => this.#proc.uptime()), thorough, trusting };
    const isCheap =
      trusting &&
      !hasWrapped &&
      before > 0 &&
      lastPid - before <= FEW_PIDS &&
      this.#known.size - this.#listed <= MOST_ADDED;
    try {
      if (isCheap) this.#lookAtNew(before, look);
      else this.#lookAtAll(look);
    } catch (error) {
      this.#lastPid = 0; // what was not seen now is new to the next look
      throw error;
    }
    this.#sweptAt = monotonicMs();
    return this.#entries;
  }

  #lookAtAll(look: Look): void {
    const classified = new Map<Pid, Classified>();
    this.#passedOver.clear();
    this.#isRough ||= this.#known.size === 0;
    for (const pid of this.#proc.pids()) {
      if (look.trusting && this.#leftOut.has(pid)) {
        this.#passedOver.add(pid);
        continue;
      }
      const one = this.#classifier.classify(pid, this.#known.get(pid), look);
      if (one !== undefined) classified.set(pid, one);
    }
    this.#known = classified;
    this.#listed = classified.size;
    this.#listEntries();
  }

  /** Pids are given out in turn: what was born since `lastPid` was known has one of the next. */
  #lookAtNew(lastPid: number, look: Look): void {
    const pids = this.#passedOver;
    this.#passedOver = new Set();
    for (let pid = lastPid + 1; pid <= this.#lastPid; pid += 1) pids.add(pid as Pid);
    for (const [pid, one] of this.#known) {
      if (isDue(one, look)) pids.add(pid);
    }
    if (pids.size === 0) return;
    for (const pid of pids) {
      if (this.#leftOut.has(pid)) {
        this.#passedOver.add(pid);
        continue;
      }
      const one = this.#classifier.classify(pid, this.#known.get(pid), look);
      if (one === undefined || this.#isThread(pid, one)) this.#known.delete(pid);
      else this.#known.set(pid, one);
    }
    this.#listEntries();
  }

  #listEntries(): void {
    this.#entries = [...this.#known.values()].flatMap(({ entry }) => entry ?? []);
  }

  /** Threads have numbers of the same kind, which /proc does not list, but knows. */
  #isThread(pid: Pid, { entry }: Classified): boolean {
    if (entry === undefined) return false;
    try {
      return this.#proc.threadGroup(pid) !== pid;
    } catch (error) {
      if (error instanceof ProcError) return true; // gone
      throw error;
    }
  }

  /**
   * One trusting look for all who ask until the event loop turns; or the last one, if it was made
   * after `since` (on our clock, in ms) and is young.
   */
  async scanSoon(since = Number.POSITIVE_INFINITY): Promise<readonly TableEntry[]> {
    const at = this.#sweptAt;
    if (at > since && monotonicMs() - at < SHARED_MS) return this.#entries;
    this.#soon ??= new Promise((resolve, reject) => {
      setImmediate(() => {
        this.#soon = undefined;
        try {
          resolve(this.scan({ trusting: true }));
        } catch (error) {
          reject(error);
        }
      });
    });
    return await this.#soon;
  }

  /**
   * Is known to be no candidate for as long as this is not disposed of (what was launched just now, a
   * program that runs): trusting looks pass it over.
   */
  leaveOut(pid: Pid): Disposable {
    this.#leftOut.add(pid);
    return { [Symbol.dispose]: () => void this.#leftOut.delete(pid) };
  }

  /**
   * What was left out lives, and is a candidate from now on: the last look, however young, does not
   * show it.
   */
  expire(): void {
    this.#isExpired = true;
  }

  /** Looks if the next look would find much to do: the first one, the one after it, own young processes. */
  settle(): void {
    const look = { now: monotonicMs(), thorough: false };
    const isOwnDue = (one: Classified): boolean => one.entry !== undefined && isDue(one, look);
    const isFirst = this.#lastPid === 0;
    if (isFirst || this.#isRough) this.scan({ trusting: true, thorough: true });
    else if ([...this.#known.values()].some(isOwnDue)) this.scan({ trusting: true });
    if (!isFirst) this.#isRough = false;
  }

  /** Goes up whenever a look shows an own process that is new, or has another command line. */
  get changes(): number {
    return this.#classifier.changes;
  }

  /** True when no process was born since the last scan and none is young: it would show nothing new. */
  isCurrent(): boolean {
    if (this.#lastPid === 0 || this.#proc.lastPid() !== this.#lastPid) return false;
    const look = { now: monotonicMs(), thorough: false };
    return ![...this.#known.values()].some((one) => isDue(one, look));
  }

  /**
   * True when pids that were seen may have been given out again since: all of them, in turn. A count
   * that is lower shows it; else the number of processes born does.
   */
  #mayHaveWrapped(now: number, lastPid: number): boolean {
    const elapsed = now - this.#sweptAt;
    if (lastPid < this.#lastPid) return true;
    if (elapsed * BIRTHS_A_MS < this.#proc.pidMax() - RESERVED_PIDS) return false;
    const before = this.#forks;
    this.#forks = this.#proc.forks();
    if (before === undefined || this.#forks === undefined) return elapsed > FORGET_MS;
    return this.#forks - before > this.#proc.pidMax() - RESERVED_PIDS;
  }
}

/** What `read` yields, which is called at the first use. */
function once<T>(read: () => T): () => T {
  let known: { readonly value: T } | undefined;
  return () => (known ??= { value: read() }).value;
}
