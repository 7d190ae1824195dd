import { readFileSync, readlinkSync, statSync } from "node:fs";
import { parseCgroup } from "./cgroup.ts";
import { parseEnviron } from "./environ.ts";
import { ProcError } from "./error.ts";
import { type LimitPair, parseLimits } from "./limits.ts";
import type { Pid } from "./pid.ts";
import { parseNice, parseTerminal } from "./stat.ts";
import { parseCpus, parseUmask } from "./status.ts";

/** A path as a link of /proc has it. */
export interface ShownPath {
  readonly path: string;
  /** What was there has no name any more; something else may be there by now. */
  readonly isDeleted: boolean;
}

/** Where a descriptor leads. */
export interface OpenDescriptor extends ShownPath {
  /** `pipe:[…]` and `socket:[…]` are no files, nor is a terminal or a device. */
  readonly isFile: boolean;
}

/** What one process was given, or has by now: as much of it as may be seen. */
export interface Particulars {
  /** All words, empty ones at the end included: there may be more than were given, if it wrote a title over them. */
  readonly argv: readonly string[];
  /** False where its words are no UTF-8, and so are not shown as they are. */
  readonly isUtf8: boolean;
  /** As of its exec, unless it has written over it. */
  readonly environ: ReadonlyMap<string, string> | undefined;
  readonly exe: ShownPath | undefined;
  readonly cwd: ShownPath | undefined;
  /** `/`, except in a chroot or a container. */
  readonly root: string | undefined;
  /** Identities of its namespaces of pids and of mounts. */
  readonly namespaces: { readonly pid: string | undefined; readonly mnt: string | undefined };
  /** Of 0, 1 and 2, those that are open. */
  readonly descriptors: ReadonlyMap<number, OpenDescriptor>;
  readonly cgroups: readonly string[];
  readonly limits: ReadonlyMap<string, LimitPair>;
  readonly umask: number | undefined;
  readonly nice: number | undefined;
  /** CPUs that it may use, as the kernel lists them: `0,2-3`. */
  readonly cpus: string | undefined;
  readonly oomScoreAdj: number | undefined;
  /** It has a controlling terminal. */
  readonly hasTerminal: boolean;
}

/**
 * Reads all that is known of one process. Dear, and for one process only.
 *
 * @throws {ProcError} `gone`, or `denied` where not even its words may be seen
 */
export function readParticulars(pid: Pid, root = "/proc"): Particulars {
  const folder = `${root}/${pid}`;
  const bytes = readCommandLine(folder);
  const text = bytes.toString("utf8");
  const status = textOf(`${folder}/status`) ?? "";
  const stat = textOf(`${folder}/stat`) ?? "";
  const environ = textOf(`${folder}/environ`);
  const score = textOf(`${folder}/oom_score_adj`)?.trim();
  return {
    argv: wordsOf(text),
    isUtf8: Buffer.from(text).equals(bytes),
    environ: environ === undefined ? undefined : parseEnviron(environ),
    exe: pathOf(`${folder}/exe`),
    cwd: pathOf(`${folder}/cwd`),
    root: linkOf(`${folder}/root`),
    namespaces: { pid: linkOf(`${folder}/ns/pid`), mnt: linkOf(`${folder}/ns/mnt`) },
    descriptors: new Map(
      [0, 1, 2].flatMap((fd) => {
        const open = descriptorOf(`${folder}/fd/${fd}`);
        return open === undefined ? [] : [[fd, open] as const];
      }),
    ),
    cgroups: parseCgroup(textOf(`${folder}/cgroup`) ?? ""),
    limits: parseLimits(textOf(`${folder}/limits`) ?? ""),
    umask: parseUmask(status),
    nice: parseNice(stat),
    cpus: parseCpus(status),
    oomScoreAdj: score === undefined || !/^-?\d+$/.test(score) ? undefined : Number(score),
    hasTerminal: parseTerminal(stat),
  };
}

function readCommandLine(folder: string): Buffer {
  const path = `${folder}/cmdline`;
  try {
    return readFileSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EACCES" || code === "EPERM") {
      throw new ProcError("denied", path, "not ours to read", { cause: error });
    }
    throw new ProcError("gone", path, "no such process", { cause: error });
  }
}

/** Each word ends in a NUL; what has written a title may have left out the last. */
function wordsOf(text: string): readonly string[] {
  if (text === "") return [];
  return (text.endsWith("\0") ? text.slice(0, -1) : text).split("\0");
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined; // gone, or hidden
  }
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined; // gone, or hidden
  }
}

const DELETED = " (deleted)";

function pathOf(link: string): ShownPath | undefined {
  const path = linkOf(link);
  if (path === undefined) return undefined;
  const isDeleted = path.endsWith(DELETED);
  return { path: isDeleted ? path.slice(0, -DELETED.length) : path, isDeleted };
}

function descriptorOf(link: string): OpenDescriptor | undefined {
  const shown = pathOf(link);
  if (shown === undefined) return undefined;
  try {
    return { ...shown, isFile: statSync(link).isFile() };
  } catch {
    return { ...shown, isFile: false };
  }
}
