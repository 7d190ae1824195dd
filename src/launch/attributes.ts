import type {
  AttributeError,
  AttributeName,
  Attributes,
  Resource,
} from "../../proc/system/attributes.ts";
import type { LimitChange } from "../../proc/system/libc.ts";
import { limitFields, programSchema } from "../config/schema.ts";
import { type Setting, valueOf } from "../config/setting.ts";
import type { ProgramSettings } from "../config/settings.ts";

/*
 * What a program gets that posix_spawn(3) has no words for, and that lasts through an exec: it is set
 * from outside, on a shell that waits, so that no program is in between.
 */

/** Ready before a death: settings never change. */
const known = new WeakMap<ProgramSettings, Attributes | null>();

/** What is to be set on a program's process; undefined where nothing is. */
export function attributesOf(program: ProgramSettings): Attributes | undefined {
  let found = known.get(program);
  if (found === undefined) known.set(program, (found = read(program) ?? null));
  return found ?? undefined;
}

function read(program: ProgramSettings): Attributes | undefined {
  const { nice, ionice: ioPriority, oomScoreAdj, cpuAffinity: cpus } = program;
  const limits = new Map<Resource, LimitChange>();
  for (const [resource, { field }] of limitFields) {
    const limit = program[field];
    if (limit !== undefined) limits.set(resource, limit);
  }
  const all = { nice, ioPriority, oomScoreAdj, cpus };
  const isNone = limits.size === 0 && Object.values(all).every((one) => one === undefined);
  return isNone ? undefined : { ...all, limits };
}

/** Why a program cannot be given what it is to have, for people: with the key and its value. */
export function describeAttributeError(
  { attribute, code }: AttributeError,
  program: ProgramSettings,
): string {
  const key = KEYS[attribute] ?? attribute;
  const row = (programSchema as Readonly<Record<string, Setting>>)[key];
  const value = row?.unit.print(valueOf(program, row));
  return `${key} = ${String(value)} cannot be set: ${reasonOf(key, code)}`;
}

const KEYS: Readonly<Partial<Record<AttributeName, string>>> = {
  ioPriority: "ionice",
  oomScoreAdj: "oom_score_adj",
  cpus: "cpu_affinity",
};

/** Of a limit, EINVAL is a soft one above the hard one. */
function reasonOf(key: string, code: string): string {
  const isLimit = key.startsWith("limit_");
  if (code === "ENOSYS") return "this machine has no such call, or koffi has no build for it";
  if (code === "EINVAL" && key === "cpu_affinity") return "none of these CPUs can be used here";
  if (isLimit && (code === "EPERM" || code === "EINVAL")) return ABOVE_HARD;
  const isForbidden = code === "EPERM" || code === "EACCES";
  return isForbidden ? (FORBIDDEN[key] ?? "not permitted") : `the kernel says ${code}`;
}

const ABOVE_HARD =
  "it is above the hard limit, which an ordinary account cannot raise (ulimit -H -a shows it)";

const FORBIDDEN: Readonly<Record<string, string>> = {
  nice: "an ordinary account may only raise it, unless ulimit -e allows more",
  ionice: "an ordinary account cannot have the class realtime",
  oom_score_adj: "an ordinary account may only raise it",
};
