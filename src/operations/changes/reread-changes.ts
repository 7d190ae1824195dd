import type { Settings } from "../../config/settings.ts";
import type { Renamed } from "../../state/daemon-info.ts";
import type { Change } from "./change.ts";
import { describeReread, knownToDaemon } from "./config-difference.ts";
import type { DaemonResult } from "../daemon/result.ts";
import { type DaemonSite, openSiteOf, withState } from "../site.ts";

/** The settings that usrsvcd has before a reread. */
export interface BeforeReread {
  /**
   * What the reread has changed, of the programs as they are now; nothing where usrsvcd does not tell what it had, or has.
   *
   * @param result of the reread
   */
  changes(
    result: DaemonResult,
    settings: Settings,
    config: string | undefined,
  ): Promise<readonly Change[]>;
}

/** Notes what usrsvcd has, for `usrsvcd reread` to tell what became another. */
export function readBefore(site: DaemonSite): BeforeReread {
  const { kept: before } = knownToDaemon(site);
  return {
    async changes({ facts }, settings, config) {
      const { daemon, kept: after } = knownToDaemon(site);
      if ("unknown" in before || "unknown" in after) return [];
      if (before.kept.salt !== after.kept.salt) return []; // another usrsvcd by now
      const renamed = (facts?.["renamed"] ?? []) as readonly Renamed[];
      const names = new Map(renamed.map(({ from, to }) => [to, from]));
      using programs = openSiteOf(withState(settings, daemon?.stateDir), config);
      return (await describeReread(before.kept, after.kept, names, programs)).changes;
    },
  };
}
