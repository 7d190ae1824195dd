import { localSecond } from "../lib/format.ts";
import { readdirSync, statSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import type { Pid } from "../../proc/pid.ts";
import { statIfAny } from "../../proc/reader.ts";
import { isSuspended } from "../../proc/stat.ts";
import type { Settings } from "../config/settings.ts";
import { describeAstray, findDaemon, silencer, daemonInCharge } from "../state/daemon-alive.ts";
import type { DaemonInfo } from "../state/daemon-info.ts";
import { version } from "../package-root.ts";
import type { IdentityPorts } from "../identity/ports.ts";

/**
 * What an operator should know of usrsvcd when looking at the programs: that none runs, or that it does
 * not have the configuration that is seen here. Empty when all is as it should be. `foreign`: why the state folder
 * says nothing.
 */
export function daemonNotes(
  { programs, main }: Settings,
  host: IdentityPorts,
  foreign: string | undefined,
): readonly string[] {
  if (foreign !== undefined) {
    const unknown = "what was stopped and whether usrsvcd runs is not known";
    return [`${foreign}; until that is fixed, nothing can be started or stopped, and ${unknown}`];
  }
  const living = findDaemon(host);
  if (living === undefined) {
    const isMissed = [...programs.values()].some((one) => one.enabled && one.autorestart !== false);
    return isMissed ? ["usrsvcd does not run: what ends stays down (usrsvcd start)"] : [];
  }
  const { info: daemon } = living;
  const stat = statIfAny(host.proc, living.process.pid);
  const stopped = stat && isSuspended(stat) ? [describeStopped(living.process.pid)] : [];
  const astray = describeAstray(living);
  if (astray !== undefined) return [...stopped, astray];
  if (daemon === undefined) {
    const { pid } = living.process;
    const why = silencer(host.state);
    return why === undefined
      ? [
          `usrsvcd, pid ${pid}, is just starting, or could not write its description: is the disk full?`,
        ]
      : [`usrsvcd, pid ${pid}, cannot write what it is: ${why}`];
  }
  if (daemonInCharge(host) === undefined) {
    return [
      `usrsvcd is running with another configuration file, ${daemon.config}: it does not look after these`,
    ];
  }
  const troubles = daemon.troubles.map(({ since, text }) => `since ${localSecond(since)}: ${text}`);
  return [...stopped, ...troubles, ...versionNotes(daemon), ...configNotes(daemon, main, host)];
}

function describeStopped(pid: Pid): string {
  return `usrsvcd, pid ${pid}, is suspended: it looks after nothing until kill -CONT ${pid}`;
}

/** After an upgrade the old program runs on until somebody restarts it. Empty where it is the same as ours. */
export function versionNotes(daemon: DaemonInfo): readonly string[] {
  const ours = version();
  if (daemon.version === ours) return [];
  const how = daemon.endsPrograms ? "restart the container" : restartCommand(daemon.unit);
  const runOn = daemon.endsPrograms ? "" : ", which no program notices";
  return [`usrsvcd still runs as version ${daemon.version}, and this is ${ours}: ${how}${runOn}`];
}

/** How a usrsvcd is restarted, by what runs it. */
export function restartCommand(unit: DaemonInfo["unit"]): string {
  if (unit === undefined) return "usrsvcd restart";
  return unit === "user"
    ? "systemctl --user restart usrsvcd"
    : `systemctl restart usrsvcd@${userInfo().username}`;
}

function configNotes(
  { lastReread, since }: DaemonInfo,
  main: Settings["main"],
  host: IdentityPorts,
): readonly string[] {
  if (lastReread !== undefined && !lastReread.ok) {
    const why = lastReread.problems[0] ?? "see its log";
    return [`usrsvcd has refused the last reread and keeps what it had: ${why}`];
  }
  const readAt = Date.parse(lastReread?.at ?? since);
  const changed = filesOf(main.configDir, host.config).find((file) => changedAt(file) > readAt);
  return changed === undefined
    ? []
    : [`${changed} was changed since usrsvcd has read it: usrsvcd reread`];
}

function filesOf(folder: string | undefined, main: string): readonly string[] {
  if (folder === undefined) return [main];
  try {
    const names = readdirSync(folder).filter((name) => name.endsWith(".cfg"));
    return [main, folder, ...names.map((name) => join(folder, name))];
  } catch {
    return [main];
  }
}

/** In ms; what is gone has not changed. */
function changedAt(path: string): number {
  try {
    return statSync(path).mtimeMs;
  } catch {
    return 0;
  }
}
