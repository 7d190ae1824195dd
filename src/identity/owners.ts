import { statSync } from "node:fs";
import { type ProcessRef, sameProcess } from "../../proc/pid.ts";
import type { ProgramRecord } from "../state/record.ts";
import { readRecordText, recordFiles } from "../state/record-file.ts";
import type { StateDir } from "../state/state-dir.ts";

/** Resolution of file times, in ms (`CONFIG_HZ` is 100 at least). */
const TICK_MS = 20;

/** What is known to be a program's, of its record or just made. */
export type Claim = Partial<Pick<ProgramRecord, "process" | "launched" | "session" | "launch">>;

/** Which process belongs to which program: one recorded for a program is no candidate for another. */
export interface Owners {
  /**
   * The program that this process is, or for which it was launched. Whose it was, if `assumed`, when the
   * records were read last needs no new look: a program that has recorded it since then came later.
   */
  ownerOf(process: ProcessRef, assumed?: string): string | undefined;
  /** The program that has this session (session id of `/proc/<pid>/stat`). */
  ownerOfSession(session: number): string | undefined;
  /** The program for which this launch is on record: by now, it may be called otherwise than its mark says. */
  ownerOfLaunch(launch: string): string | undefined;
  /**
   * Notes what a program has by now, or that it has nothing. What another has already remains that program's:
   * false is what comes back then.
   */
  claim(name: string, claim: Claim | undefined): boolean;
}

interface Owner {
  readonly name: string;
  readonly process: ProcessRef;
}

/** Owners as they are claimed: usrsvcd knows all that it manages. */
export class ClaimedOwners implements Owners {
  readonly #byPid = new Map<number, Owner>();
  readonly #bySession = new Map<number, string>();
  readonly #byLaunch = new Map<string, string>();
  readonly #byName = new Map<string, Claim>();

  ownerOf(process: ProcessRef): string | undefined {
    const owner = this.#byPid.get(process.pid);
    return sameProcess(owner?.process, process) ? owner?.name : undefined;
  }

  ownerOfSession(session: number): string | undefined {
    return this.#bySession.get(session);
  }

  ownerOfLaunch(launch: string): string | undefined {
    return this.#byLaunch.get(launch);
  }

  claim(name: string, claim: Claim | undefined): boolean {
    this.#release(name);
    if (claim === undefined) return true;
    const { process, launched, session, launch } = claim;
    const owner = process === undefined ? undefined : this.ownerOf(process);
    if (owner !== undefined && owner !== name) return false;
    this.#byName.set(name, claim);
    for (const ref of [launched, process]) {
      if (ref !== undefined) this.#byPid.set(ref.pid, { name, process: ref });
    }
    for (const id of [launched?.pid, session]) {
      if (id !== undefined) this.#bySession.set(id, name);
    }
    if (launch !== undefined) this.#byLaunch.set(launch, name);
    return true;
  }

  #release(name: string): void {
    const old = this.#byName.get(name);
    if (old === undefined) return;
    this.#byName.delete(name);
    for (const ref of [old.launched, old.process]) {
      if (ref !== undefined && this.#byPid.get(ref.pid)?.name === name) this.#byPid.delete(ref.pid);
    }
    for (const id of [old.launched?.pid, old.session]) {
      if (id !== undefined && this.#bySession.get(id) === name) this.#bySession.delete(id);
    }
    const { launch = "" } = old;
    if (this.#byLaunch.get(launch) === name) this.#byLaunch.delete(launch);
  }
}

/** What reading the records takes, besides their folder. */
export interface RecordsPorts {
  readonly boot: () => string;
  /** True for a file of the folder that need not be read. */
  readonly skips?: (file: string) => boolean;
  /** False for a program whose record claims nothing: it is no longer configured, for example. */
  readonly counts: (name: string, config: string | undefined) => boolean;
  /** The program that a process is marked as; to decide between two records that name it. */
  readonly markedAs: (process: ProcessRef) => string | undefined;
}

/** Owners as the records on disk have them, and as this command has changed them since. */
export class RecordedOwners implements Owners {
  readonly #state: StateDir;
  readonly #ports: RecordsPorts;
  readonly #own = new ClaimedOwners();
  readonly #touched = new Set<string>();
  #recorded = new ClaimedOwners();
  #readAt = -1;

  constructor(state: StateDir, ports: RecordsPorts) {
    this.#state = state;
    this.#ports = ports;
  }

  ownerOf(process: ProcessRef, assumed?: string): string | undefined {
    const own = this.#own.ownerOf(process);
    if (own !== undefined) return own;
    const last = this.#untouched(this.#recorded.ownerOf(process));
    if (last !== undefined && last === assumed) return last;
    return this.#untouched(this.#read().ownerOf(process));
  }

  ownerOfSession(session: number): string | undefined {
    const own = this.#own.ownerOfSession(session);
    return own ?? this.#untouched(this.#read().ownerOfSession(session));
  }

  ownerOfLaunch(launch: string): string | undefined {
    const own = this.#own.ownerOfLaunch(launch);
    return own ?? this.#untouched(this.#read().ownerOfLaunch(launch));
  }

  claim(name: string, claim: Claim | undefined): boolean {
    this.#touched.add(name);
    return this.#own.claim(name, claim);
  }

  #untouched(name: string | undefined): string | undefined {
    return name === undefined || this.#touched.has(name) ? undefined : name;
  }

  /** The time of the folder changes with each record that is written, but not twice in one tick. */
  #read(): ClaimedOwners {
    const modifiedAt = modified(this.#state);
    if (modifiedAt === this.#readAt) return this.#recorded;
    this.#readAt = Date.now() - modifiedAt > TICK_MS ? modifiedAt : -1;
    this.#recorded = new ClaimedOwners();
    for (const { name, ...claim } of this.#claims()) this.#recorded.claim(name, claim);
    return this.#recorded;
  }

  /** Two records that name one process: what it is marked as decides, else the older record. */
  #claims(): readonly RecordedClaim[] {
    const all = readClaims(this.#state, this.#ports);
    const pids = all.flatMap(({ process }) => process?.pid ?? []);
    if (new Set(pids).size === pids.length) return all;
    const rank = ({ name, process }: RecordedClaim): number =>
      process !== undefined && this.#ports.markedAs(process) === name ? 0 : 1;
    return all.toSorted((a, b) => rank(a) - rank(b) || (a.at < b.at ? -1 : 1));
  }
}

/** What a record claims. */
export interface RecordedClaim extends Claim {
  readonly name: string;
  /** The main configuration file of its writer. */
  readonly config: string | undefined;
  readonly at: string;
}

/** What the records of a folder claim, as they stand now. */
export function readClaims(
  state: StateDir,
  { boot, skips, counts }: Pick<RecordsPorts, "boot" | "skips" | "counts">,
): readonly RecordedClaim[] {
  const now = boot();
  return recordFiles(state).flatMap((file) => {
    if (skips?.(file) === true) return [];
    try {
      const raw = JSON.parse(readRecordText(state, file)) as Partial<
        RecordedClaim & { boot: string; config: string }
      >;
      const { name, process, launched, session, launch, at = "", config } = raw;
      if (raw.boot !== now || name === undefined || !counts(name, config)) return [];
      return [{ name, config, process, launched, session, launch, at }];
    } catch {
      return []; // damaged or just removed: it claims nothing
    }
  });
}

/** Owners as usrsvcd has them: what it was told, and what the records of others say. */
export class LayeredOwners implements Owners {
  readonly #told = new ClaimedOwners();
  readonly #recorded: RecordedOwners;

  /** `recorded`: of programs that are not managed from here. */
  constructor(recorded: RecordedOwners) {
    this.#recorded = recorded;
  }

  ownerOf(process: ProcessRef, assumed?: string): string | undefined {
    return this.#told.ownerOf(process) ?? this.#recorded.ownerOf(process, assumed);
  }

  ownerOfSession(session: number): string | undefined {
    return this.#told.ownerOfSession(session) ?? this.#recorded.ownerOfSession(session);
  }

  ownerOfLaunch(launch: string): string | undefined {
    return this.#told.ownerOfLaunch(launch) ?? this.#recorded.ownerOfLaunch(launch);
  }

  claim(name: string, claim: Claim | undefined): boolean {
    return this.#told.claim(name, claim);
  }
}

function modified(state: StateDir): number {
  try {
    return statSync(state.programs).mtimeMs;
  } catch {
    return 0;
  }
}
