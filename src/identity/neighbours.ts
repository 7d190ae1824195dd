import {
  existsSync,
  lstatSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { join } from "node:path";
import { type ProcessRef, sameProcess } from "../../proc/pid.ts";
import type { ProcReader } from "../../proc/reader.ts";
import { makePrivateFolder } from "../lib/private-file.ts";
import { lockHolder } from "../state/lock-text.ts";
import { ClaimedOwners, readClaims } from "./owners.ts";
import { type StateDir, stateDir } from "../state/state-dir.ts";
import { textHash } from "../lib/text-hash.ts";

/*
 * Other usrsvcs of this account, with a state folder each. What they have on record is theirs, also
 * where it bears no mark any more (redis and others write a title over their environment). So that they
 * know of each other, each leaves a link to its state folder in the one that all know.
 */

/** A program of another state folder. */
export interface Neighbour {
  readonly name: string;
  /** Its main configuration file. */
  readonly config: string;
}

/** What knowing them takes. */
export interface NeighbourPorts {
  readonly proc: Pick<ProcReader, "alive" | "bootId">;
  /** The state folder that is used where a configuration names none: all know it. */
  readonly common: string;
}

/** Lets the other usrsvcs of the account know of a state folder. What cannot be is left. */
export function announceState({ path }: StateDir, common: string): void {
  if (path === common) return;
  const folder = linksIn(common);
  const link = join(folder, textHash(path));
  try {
    if (lstatSync(link, { throwIfNoEntry: false }) !== undefined) return;
    makePrivateFolder(common);
    if (!isOurs(common)) return;
    makePrivateFolder(folder);
    if (!isOurFolder(folder)) return;
    removeDangling(folder);
    symlinkSync(path, link);
  } catch {
    // a home that cannot be written to: parents, sessions and marks have to do
  }
}

/** What the other usrsvcs of the account have on record. Read when it is first asked for. */
export class Neighbours {
  readonly #own: StateDir;
  readonly #ports: NeighbourPorts;
  readonly #known = new Map<string, Neighbourhood>();
  #links: { readonly at: number; readonly paths: readonly string[] } | undefined;

  constructor(own: StateDir, ports: NeighbourPorts) {
    this.#own = own;
    this.#ports = ports;
  }

  /** The program that this process is, or for which it was launched. */
  ownerOf(process: ProcessRef): Neighbour | undefined {
    return this.#first((one) => one.ownerOf(process));
  }

  /** The program that has this session. */
  ownerOfSession(session: number): Neighbour | undefined {
    return this.#first((one) => one.ownerOfSession(session));
  }

  /** True for the usrsvcd of our own state folder, which may be another process than we are. */
  isOurDaemon(pid: number): boolean {
    return lockHolder(this.#own.daemonLock) === `usrsvcd, pid ${pid}`;
  }

  #first(ask: (one: Neighbourhood) => Neighbour | undefined): Neighbour | undefined {
    for (const one of this.#all()) {
      const found = ask(one);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #all(): readonly Neighbourhood[] {
    const { common } = this.#ports;
    const own = real(this.#own.path);
    const paths = new Set([common, ...this.#announced()].map(real));
    return [...paths].flatMap((path) => {
      if (path === undefined || path === own || !isOurs(path)) return [];
      let one = this.#known.get(path);
      if (one === undefined) {
        one = new Neighbourhood(stateDir(path), this.#ports.proc);
        this.#known.set(path, one);
      }
      return [one];
    });
  }

  /** Asked for each forebear of each candidate. The time of the folder changes with each link. */
  #announced(): readonly string[] {
    const { common } = this.#ports;
    const folder = linksIn(common);
    try {
      if (!isOurs(common) || !isOurFolder(folder)) return [];
      const at = statSync(folder).mtimeMs;
      if (this.#links?.at !== at) this.#links = { at, paths: linkedFrom(folder) };
      return this.#links.paths;
    } catch {
      return []; // there is no other
    }
  }
}

/** The records of one other state folder. */
class Neighbourhood {
  readonly #state: StateDir;
  readonly #proc: NeighbourPorts["proc"];
  readonly #configs = new Map<string, string>();
  #owners = new ClaimedOwners();
  /** The leaders of sessions, by their number. */
  readonly #leaders = new Map<number, ProcessRef>();
  #readAt = -1;

  constructor(state: StateDir, proc: NeighbourPorts["proc"]) {
    this.#state = state;
    this.#proc = proc;
  }

  ownerOf(process: ProcessRef): Neighbour | undefined {
    this.#read();
    return this.#named(this.#owners.ownerOf(process));
  }

  ownerOfSession(session: number): Neighbour | undefined {
    this.#read();
    const leader = this.#leaders.get(session);
    // Its usrsvcd may be gone, and the number may be another's by now.
    const now = leader && this.#proc.alive(leader.pid);
    if (now !== undefined && !sameProcess(now, leader)) return undefined;
    return this.#named(this.#owners.ownerOfSession(session));
  }

  #named(name: string | undefined): Neighbour | undefined {
    const config = name === undefined ? undefined : this.#configs.get(name);
    return name === undefined || config === undefined ? undefined : { name, config };
  }

  /** The time of the folder changes with each record that is written. */
  #read(): void {
    const at = statSync(this.#state.programs, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    if (at === this.#readAt) return;
    this.#readAt = at;
    this.#owners = new ClaimedOwners();
    this.#configs.clear();
    this.#leaders.clear();
    // A file that was removed has no programs any more.
    const counts = (_name: string, config: string | undefined): boolean =>
      config !== undefined && existsSync(config);
    const boot = (): string => this.#proc.bootId();
    for (const { name, config, ...claim } of readClaims(this.#state, { boot, counts })) {
      if (config === undefined) continue;
      this.#owners.claim(name, claim);
      this.#configs.set(name, config);
      for (const ref of [claim.launched, claim.process]) {
        if (ref !== undefined) this.#leaders.set(ref.pid, ref);
      }
    }
  }
}

function linksIn(common: string): string {
  return join(common, "states");
}

/** State folders that were announced. */
function linkedFrom(folder: string): readonly string[] {
  return readdirSync(folder).flatMap((name) => targetOf(join(folder, name)) ?? []);
}

function removeDangling(folder: string): void {
  for (const name of readdirSync(folder)) {
    const link = join(folder, name);
    if (!existsSync(link)) rmSync(link, { force: true });
  }
}

function targetOf(link: string): string | undefined {
  try {
    return readlinkSync(link);
  } catch {
    return undefined; // no link
  }
}

function real(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined; // gone
  }
}

/** What others could write to says nothing of us. */
function isOurs(path: string): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat !== undefined && stat.uid === process.getuid?.() && (stat.mode & 0o022) === 0;
}

/** A link may lead to files of any other kind, and another account may have left it. */
function isOurFolder(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true && isOurs(path);
}
