import { readdirSync, statSync } from "node:fs";
import { type ProcessRef, sameProcess } from "../../proc/pid.ts";
import { readRecordText } from "./record.ts";
import type { StateDir } from "./state-dir.ts";

/** Which process belongs to which program: one recorded for a program is no candidate for another. */
export interface Owners {
  ownerOf(process: ProcessRef): string | undefined;
  /** Notes which process a program has by now, or that it has none. */
  claim(name: string, process: ProcessRef | undefined): void;
}

interface Owner {
  readonly name: string;
  readonly process: ProcessRef;
}

/** Owners as they are told: usrsvcd knows all that it manages. */
export class ClaimedOwners implements Owners {
  readonly #byPid = new Map<number, Owner>();
  readonly #byName = new Map<string, ProcessRef>();

  ownerOf(process: ProcessRef): string | undefined {
    const owner = this.#byPid.get(process.pid);
    return sameProcess(owner?.process, process) ? owner?.name : undefined;
  }

  claim(name: string, process: ProcessRef | undefined): void {
    const old = this.#byName.get(name);
    if (old !== undefined && this.#byPid.get(old.pid)?.name === name) this.#byPid.delete(old.pid);
    if (process === undefined) {
      this.#byName.delete(name);
      return;
    }
    this.#byName.set(name, process);
    this.#byPid.set(process.pid, { name, process });
  }
}

/** Owners as the records on disk have them, and as this tool has changed them since. */
export class RecordedOwners implements Owners {
  readonly #state: StateDir;
  readonly #boot: () => string;
  readonly #isConfigured: (name: string) => boolean;
  readonly #own = new ClaimedOwners();
  readonly #touched = new Set<string>();
  #recorded: ReadonlyMap<number, Owner> = new Map();
  #readAt = -1;

  /** A record of a program that is no longer configured claims nothing: it may have been renamed. */
  constructor(state: StateDir, boot: () => string, isConfigured: (name: string) => boolean) {
    this.#state = state;
    this.#boot = boot;
    this.#isConfigured = isConfigured;
  }

  ownerOf(process: ProcessRef): string | undefined {
    const own = this.#own.ownerOf(process);
    if (own !== undefined) return own;
    this.#refresh();
    const owner = this.#recorded.get(process.pid);
    if (owner === undefined || this.#touched.has(owner.name)) return undefined;
    return sameProcess(owner.process, process) ? owner.name : undefined;
  }

  claim(name: string, process: ProcessRef | undefined): void {
    this.#touched.add(name);
    this.#own.claim(name, process);
  }

  /** The time of the folder changes with each record that is written. */
  #refresh(): void {
    const modifiedAt = modified(this.#state);
    if (modifiedAt === this.#readAt) return;
    this.#readAt = modifiedAt;
    this.#recorded = readOwners(this.#state, this.#boot(), this.#isConfigured);
  }
}

function readOwners(
  state: StateDir,
  boot: string,
  isConfigured: (name: string) => boolean,
): ReadonlyMap<number, Owner> {
  const owners = new Map<number, Owner>();
  for (const file of recordFiles(state)) {
    try {
      const raw = JSON.parse(readRecordText(state, file)) as {
        name?: string;
        boot?: string;
        process?: ProcessRef;
      };
      const { name, process } = raw;
      if (raw.boot !== boot || process === undefined || name === undefined) continue;
      if (isConfigured(name)) owners.set(process.pid, { name, process });
    } catch {
      // damaged or just removed: it claims nothing
    }
  }
  return owners;
}

function recordFiles(state: StateDir): readonly string[] {
  try {
    return readdirSync(state.programs).filter((file) => file.endsWith(".json"));
  } catch {
    return []; // nothing was ever started
  }
}

function modified(state: StateDir): number {
  try {
    return statSync(state.programs).mtimeMs;
  } catch {
    return 0;
  }
}
