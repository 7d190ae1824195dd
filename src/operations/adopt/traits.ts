import { basename } from "node:path";
import type { LimitPair } from "../../../proc/limits.ts";
import { limitFields } from "../../config/schema.ts";
import { isDetached } from "./background.ts";
import type { Starter } from "./starter.ts";
import type { Subject } from "./subject.ts";

/** Keys of a section with their values, and what it cannot say. */
export interface TraitsFound {
  readonly keys: readonly (readonly [key: string, value: string])[];
  readonly remarks: readonly string[];
}

/** Programs that raise their own soft limit of open files to the hard one. */
const RAISERS = /^(node|nodejs|java|dotnet|deno|bun)$/;

/** Mask, priorities and limits of a process, where who starts programs would give others. */
export function findTraits(subject: Subject, starter: Starter): TraitsFound {
  const { particulars: its } = subject;
  const ours = starter.particulars;
  const keys: [string, string][] = [];
  const remarks: string[] = [];
  const isRoot = process.getuid?.() === 0;
  const without = (what: string): void => {
    remarks.push(`its ${what}: this account cannot give that to a program, so a restart would not`);
  };
  // A daemon sets 0 by itself (daemon(3) does not, but the recipe says so); any other mask is worth keeping, even where
  // it sets that again: without it, what only looks like a daemon (setsid, nohup) would share its files after a restart.
  const isOfDaemon = its.umask === 0 && isDetached(subject);
  if (its.umask !== undefined && its.umask !== ours.umask && !isOfDaemon) {
    keys.push(["umask", its.umask.toString(8).padStart(4, "0")]);
  }
  const compare = (key: string, own: number | undefined, usual: number | undefined): void => {
    if (own === undefined || own === (usual ?? 0)) return;
    if (own > (usual ?? 0) || isRoot) keys.push([key, String(own)]);
    else without(`${key} is ${own}, that ${starter.whose} ${usual ?? 0}`);
  };
  compare("nice", its.nice, ours.nice);
  compare("oom_score_adj", its.oomScoreAdj, ours.oomScoreAdj);
  if (its.cpus !== undefined && its.cpus !== ours.cpus) keys.push(["cpu_affinity", its.cpus]);
  for (const [resource] of limitFields) {
    const own = its.limits.get(resource);
    const usual = usualLimit(resource, starter);
    if (own === undefined || usual === undefined) continue;
    if (own.soft === usual.soft && own.hard === usual.hard) continue;
    const isRaised = own.soft === own.hard && own.hard === usual.hard;
    if (resource === "nofile" && isRaised && RAISERS.test(basename(its.exe?.path ?? ""))) continue;
    const [soft, hard] = [amount(own.soft), amount(own.hard)];
    if (own.hard > usual.hard && !isRoot) {
      without(
        `limit_${resource} is ${soft}:${hard}, and the hard limit ${starter.whose} ${amount(usual.hard)}`,
      );
    } else keys.push([`limit_${resource}`, own.hard === usual.hard ? soft : `${soft}:${hard}`]);
  }
  return { keys, remarks };
}

function usualLimit(resource: string, { particulars, openFiles }: Starter): LimitPair | undefined {
  const usual = particulars.limits.get(resource);
  if (resource !== "nofile" || usual === undefined) return usual;
  return openFiles === undefined ? undefined : { ...usual, soft: openFiles };
}

function amount(value: number): string {
  return value === Infinity ? "unlimited" : String(value);
}
