import type { ProgramSettings } from "../../config/settings.ts";
import { formatDuration } from "../../lib/format.ts";
import { daemonInCharge } from "../../state/daemon-alive.ts";
import { describeHold } from "../../state/hold.ts";
import { readHold } from "../../state/hold-file.ts";
import type { Operation } from "../operation.ts";

/** With usrsvcd running, a failed start is not the end: what the state machine will do, in words. */
export function whatNext(
  { name, type, autorestart, maxrestarts, restartWindowMs, retryAfterMs }: ProgramSettings,
  endedWell: boolean,
  { host, isOlderInDaemon }: Operation,
): readonly string[] {
  const daemon = daemonInCharge(host);
  if (daemon === undefined) return [];
  const hold = readHold(host, name, Date.now());
  if (hold !== undefined) {
    return [`usrsvcd leaves it down: ${describeHold(hold, Date.now())}`];
  }
  if (daemon.programs?.includes(name) === false) {
    return [`usrsvcd does not know ${name} yet and will not try it again; run usrsvcd reread`];
  }
  if (isOlderInDaemon === true) {
    return [
      `usrsvcd has older settings of ${name} than the file and keeps using them; run usrsvcd reread`,
    ];
  }
  if (autorestart === false && type === "job") return [];
  if (autorestart === false) return ["usrsvcd leaves it down: autorestart = False"];
  if (endedWell) {
    return [
      "usrsvcd leaves it down: that was a success (success_exit), and autorestart = on-failure",
    ];
  }
  if (maxrestarts === 1) {
    const then =
      retryAfterMs === 0
        ? `fix the program, then run usrsvc start ${name}`
        : `its next try is in ${formatDuration(retryAfterMs)} (retry_after)`;
    return [`usrsvcd gives up: maxrestarts = 1; ${then}`];
  }
  const within = restartWindowMs === 0 ? "" : ` within ${formatDuration(restartWindowMs)}`;
  const until =
    maxrestarts > 1 ? `, until maxrestarts = ${maxrestarts} starts have failed${within}` : "";
  return [`usrsvcd will try it again${until}; usrsvc stop ${name} prevents that`];
}
