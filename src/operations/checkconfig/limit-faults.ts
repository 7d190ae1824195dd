import { readFileSync } from "node:fs";
import { type LimitPair, parseLimits } from "../../../proc/limits.ts";
import type { Remark } from "../../config/advice.ts";
import { limitFields } from "../../config/schema.ts";
import type { ProgramSettings } from "../../config/settings.ts";

/** Whose limits they are: those of usrsvcd where one runs, since it starts the programs. */
export interface StarterLimits {
  /** As in "of usrsvcd, pid 7". */
  readonly whose: string;
  readonly limits: ReadonlyMap<string, LimitPair>;
}

/** The limits of who starts programs: usrsvcd with this pid, else ourselves; undefined where nothing limits it. */
export function starterLimits(daemon: number | undefined): StarterLimits | undefined {
  if (process.getuid?.() === 0) return undefined; // CAP_SYS_RESOURCE, mostly
  const whose = daemon === undefined ? "of this account, here" : `of usrsvcd, pid ${daemon}`;
  try {
    return { whose, limits: parseLimits(readFileSync(`/proc/${daemon ?? "self"}/limits`, "utf8")) };
  } catch {
    return undefined; // it has ended meanwhile: the start will say
  }
}

/**
 * What an ordinary account cannot give a program: ends of sentences that begin with the key. `starter` is only
 * asked where something is set.
 */
export function limitFaults(
  settings: { readonly [K in keyof ProgramSettings]: ProgramSettings[K] | undefined },
  starter: () => StarterLimits | undefined,
): readonly Remark[] {
  const set = limitFields.filter(([, { field }]) => settings[field] !== undefined);
  if (set.length === 0 && settings.nice === undefined) return [];
  const known = starter();
  if (known === undefined) return [];
  const { limits, whose } = known;
  const faults: Remark[] = [];
  for (const [resource, { field }] of set) {
    const asked = settings[field];
    const hard = limits.get(resource)?.hard ?? Infinity;
    if (Math.max(asked?.soft ?? 0, asked?.hard ?? 0) <= hard) continue;
    faults.push({
      key: `limit_${resource}`,
      text: `is above the hard limit ${whose}, which is ${hard}; ask root for more, or write less`,
    });
  }
  // RLIMIT_NICE is 20 minus the lowest value (getrlimit(2)).
  const lowest = 20 - (limits.get("nice")?.hard ?? 0);
  if (settings.nice !== undefined && settings.nice < Math.min(lowest, 0)) {
    const most = Math.min(lowest, 0);
    faults.push({
      key: "nice",
      text: `${settings.nice} is below ${most}, the lowest value that an account without further rights may have`,
    });
  }
  return faults;
}
