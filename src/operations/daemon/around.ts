import type { Host } from "../../host/host.ts";
import { isSameFile } from "../../lib/same-file.ts";
import { daemonInCharge, findDaemon } from "../../state/daemon-alive.ts";
import type { StatusContext } from "../../status/status-context.ts";

/** Whether a usrsvcd looks after the programs of this configuration file, and after which. */
export function daemonAround(host: Host): Pick<StatusContext, "daemon" | "looksAfter"> {
  const ours = daemonInCharge(host);
  if (ours !== undefined) {
    return { daemon: "here", looksAfter: ours.programs && new Set(ours.programs) };
  }
  // One that could not describe itself (disk full) is hardly another's.
  const one = findDaemon(host);
  if (one === undefined) return { daemon: "none" };
  const isOurs = one.info === undefined || isSameFile(one.info.config, host.config);
  return { daemon: isOurs ? "here" : "elsewhere" };
}
