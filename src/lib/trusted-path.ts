import { lstatSync, readFileSync, readlinkSync, type Stats, statfsSync } from "node:fs";
import { dirname, join } from "node:path";
import { nameOf, runAs } from "./accounts.ts";
import { shellWord } from "./format.ts";
import { otherWriters } from "./writers.ts";

/** Maximum number of links in a path, as in path_resolution(7). */
const MOST_LINKS = 40;

/** Types of file systems, as in statfs(2). */
const PROC = 0x9fa0;
const FUSE = 0x65735546;

/** Number of users in a user namespace that maps all users. */
const ALL_UIDS = 4_294_967_295;

/** Another account could replace a path; the message says who, where, and what to do. */
export class UntrustedPath extends Error {
  override readonly name = "UntrustedPath";
  /** Only who, and where. */
  readonly fault: string;
  /** The folder, if it is ours or root's, but too open. */
  readonly open: OpenFolder | undefined;

  constructor(fault: string, advice: string, open?: OpenFolder) {
    super(fault + advice);
    this.fault = fault;
    this.open = open;
  }
}

interface OpenFolder extends Pick<Stats, "uid" | "mode"> {
  readonly path: string;
}

/** Ends of sentences, for a path that is not a configuration's. */
export interface Doubts {
  /** What follows: `so that others could …`. */
  readonly so: string;
  /** The alternative: `set another …`. */
  readonly instead: string;
}

/** A path that was followed to its end. */
export interface Followed {
  /** The same with no links in it. */
  readonly real: string;
  /** Others can put files of theirs beside it, as in /tmp. */
  readonly isShared: boolean;
}

/** A folder on a trusted path. */
interface Folder {
  readonly isShared: boolean;
  readonly dev: number;
}

/**
 * Follows paths step by step, including each link in them, and accepts only those in which nobody but `uid`
 * and root can replace anything. In a folder like /tmp what belongs to these two stays where it is;
 * what belongs to anybody else is not accepted there.
 */
export class TrustedPaths {
  readonly #uid: number;
  readonly #folders = new Map<string, Folder>();

  constructor(uid: number) {
    this.#uid = uid;
  }

  /**
   * Follows an absolute path. The caller checks who owns its end, and who can change that.
   *
   * @throws {UntrustedPath} and what Node throws if something is missing, or is not a folder
   */
  follow(path: string): Followed {
    const rest = parts(path);
    let at = "/";
    let isShared = false;
    for (let links = 0, name = rest.pop(); name !== undefined; name = rest.pop()) {
      if (name === "..") {
        at = dirname(at);
        continue;
      }
      const folder = this.folder(at);
      const next = join(at, name);
      const stat = lstatSync(next);
      if (folder.isShared) this.#checkEntry(next, stat, at, folder);
      if (!stat.isSymbolicLink()) {
        at = next;
        ({ isShared } = folder);
        continue;
      }
      links += 1;
      if (links > MOST_LINKS) throw new UntrustedPath(`${path} leads through too many links`, "");
      const target = readlinkSync(next);
      if (target.startsWith("/")) at = "/";
      rest.push(...parts(target));
    }
    return { real: at, isShared };
  }

  /**
   * Who could replace an absolute path, as far as it exists, and what to do;
   * undefined: nobody, or that is unknown.
   */
  doubt(path: string, { so, instead }: Doubts): string | undefined {
    try {
      this.follow(path);
      return undefined;
    } catch (error) {
      if (!(error instanceof UntrustedPath)) return undefined; // reported by whoever wants to use it
      const { fault, open } = error;
      if (open === undefined) return `${fault}, ${so}: ${instead}`;
      const whose = `(mode ${(open.mode & 0o7777).toString(8)}, of ${nameOf(open.uid)})`;
      return `${fault} ${whose}, ${so}: chmod go-w ${shellWord(open.path)}, or ${instead}`;
    }
  }

  /**
   * A folder, by its path without links.
   *
   * @throws {UntrustedPath} if others can rename or remove what is in it
   */
  folder(path: string): Folder {
    let known = this.#folders.get(path);
    if (known === undefined) {
      const stat = lstatSync(path);
      known = { isShared: this.#checkFolder(path, stat), dev: stat.dev };
      this.#folders.set(path, known);
    }
    return known;
  }

  /** True for what belongs to nobody else. */
  isOurs({ uid }: Pick<Stats, "uid">): boolean {
    return uid === 0 || uid === this.#uid;
  }

  #checkFolder(path: string, stat: Stats): boolean {
    if (!stat.isDirectory()) return false; // whoever looks into it gets an error
    if (!this.isOurs(stat) && !isUnmapped(stat.uid)) {
      const owner = nameOf(stat.uid);
      const instead = `run it as ${owner}: ${runAs(stat.uid, "usrsvc …")}`;
      throw new UntrustedPath(
        `the folder ${path} belongs to ${owner}`,
        this.#uid === 0
          ? `, and you are root; ${instead}`
          : `, who can change its contents, which would run as you; use a folder of your own; or ${instead}`,
      );
    }
    const who = otherWriters(path, stat, this.#uid);
    if (who === undefined) return false;
    if ((stat.mode & 0o1000) !== 0) return true;
    throw new UntrustedPath(
      `the folder ${path} can be changed by ${who}`,
      `, and its contents run as you; fix it: chmod go-w ${shellWord(path)}, or use another folder`,
      { path, uid: stat.uid, mode: stat.mode },
    );
  }

  #checkEntry(path: string, stat: Stats, folder: string, { dev }: Folder): void {
    // The owner of a folder or file is checked when it is looked into.
    if (stat.isSymbolicLink() && !this.isOurs(stat)) {
      throw new UntrustedPath(
        `${path} is a link made by ${nameOf(stat.uid)}`,
        ", who can point it anywhere: remove it, and use a folder that only you can write to",
      );
    }
    // Such a file system reports any owner it likes, and anybody may mount one on a folder of their own.
    if (stat.dev !== dev && isOfType(path, FUSE) && !isOfType(folder, FUSE)) {
      throw new UntrustedPath(`${path} was mounted, perhaps by another account (FUSE)`, "");
    }
  }
}

/**
 * True for a file of /proc: files of others' processes may belong to root there (of a setuid one), and
 * contain what these processes want.
 */
export function isProcFile(descriptor: number): boolean {
  return isOfType(`/proc/self/fd/${descriptor}`, PROC);
}

function isOfType(path: string, type: number): boolean {
  return statfsSync(path).type === type;
}

/** The names of a path, the last first. */
function parts(path: string): string[] {
  return path
    .split("/")
    .filter((name) => name !== "" && name !== ".")
    .toReversed();
}

/**
 * In a user namespace that does not know all accounts (bwrap, unshare -U), root of the machine, who owns
 * `/`, looks like all unknown accounts.
 */
function isUnmapped(uid: number): boolean {
  const number = (path: string): number => Number(readFileSync(path, "utf8"));
  try {
    const [, , count] = readFileSync("/proc/self/uid_map", "utf8").trim().split(/\s+/).map(Number);
    return count !== ALL_UIDS && uid === number("/proc/sys/kernel/overflowuid");
  } catch {
    return false; // a kernel without them
  }
}
