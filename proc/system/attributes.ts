import { writeFileSync } from "node:fs";
import { setPriority } from "node:os";
import { errorName } from "./error-name.ts";
import type { Libc, LimitChange } from "./libc.ts";

/** Resources of setrlimit(2), by their names in small letters (include/uapi/asm-generic/resource.h). */
export const RESOURCES = {
  cpu: 0,
  fsize: 1,
  data: 2,
  stack: 3,
  core: 4,
  rss: 5,
  nproc: 6,
  nofile: 7,
  memlock: 8,
  as: 9,
  sigpending: 11,
  msgqueue: 12,
  nice: 13,
  rtprio: 14,
  rttime: 15,
} as const;

export type Resource = keyof typeof RESOURCES;

/** What a process has besides its files and its words, and hands down through fork and exec. */
export interface Attributes {
  /** nice(2), -20 to 19. */
  readonly nice?: number | undefined;
  /** ioprio_set(2): the class in bits 13 to 15, the level below. */
  readonly ioPriority?: number | undefined;
  /** /proc/<pid>/oom_score_adj (proc(5)), -1000 to 1000. */
  readonly oomScoreAdj?: number | undefined;
  /** Numbers of CPUs, sched_setaffinity(2). */
  readonly cpus?: readonly number[] | undefined;
  readonly limits?: ReadonlyMap<Resource, LimitChange>;
}

/** What could not be set. */
export type AttributeName = Exclude<keyof Attributes, "limits"> | `limit_${Resource}`;

/** The error of the system, and for what. */
export class AttributeError extends Error {
  override readonly name = "AttributeError";
  readonly code: string;
  readonly attribute: AttributeName;

  constructor(attribute: AttributeName, code: string) {
    super(`${attribute}: ${code}`);
    this.attribute = attribute;
    this.code = code;
  }
}

/**
 * Sets them on a process of ours that has one thread. Without the C library only what Node can set.
 *
 * @throws {AttributeError} at the first that cannot be set
 */
export function setAttributes(pid: number, all: Attributes, libc: Libc | undefined): void {
  const { nice, ioPriority, oomScoreAdj, cpus, limits } = all;
  const call = (attribute: AttributeName, make: (libc: Libc) => number): void => {
    if (libc === undefined) throw new AttributeError(attribute, "ENOSYS");
    if (make(libc) < 0) throw new AttributeError(attribute, errorName(libc.errno()));
  };
  for (const [resource, change] of limits ?? []) {
    call(`limit_${resource}`, (c) => c.setLimit(pid, RESOURCES[resource], change));
  }
  if (nice !== undefined) attempt("nice", () => setPriority(pid, nice));
  if (ioPriority !== undefined) call("ioPriority", (c) => c.setIoPriority(pid, ioPriority));
  if (cpus !== undefined) call("cpus", (c) => c.setAffinity(pid, maskOf(cpus)));
  if (oomScoreAdj !== undefined) {
    attempt("oomScoreAdj", () => writeFileSync(`/proc/${pid}/oom_score_adj`, `${oomScoreAdj}\n`));
  }
}

/** Node names the error of a call of its own in one of two places. */
function attempt(attribute: AttributeName, act: () => void): void {
  try {
    act();
  } catch (error) {
    const { code, info } = error as NodeJS.ErrnoException & { readonly info?: { code?: string } };
    throw new AttributeError(attribute, info?.code ?? code ?? "EIO");
  }
}

/** The kernel reads it in words: their length is that of a long, and eight bytes suit all. */
function maskOf(cpus: readonly number[]): Buffer {
  const bytes = Math.ceil((Math.max(0, ...cpus) + 1) / 64) * 8;
  const mask = Buffer.alloc(bytes);
  for (const cpu of cpus) mask[cpu >> 3] = (mask[cpu >> 3] ?? 0) | (1 << (cpu & 7));
  return mask;
}
