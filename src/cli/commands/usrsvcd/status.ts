import { ExitCode } from "../../../exit-code.ts";
import { formatDuration, localSecond } from "../../../lib/format.ts";
import { jsonLine } from "../../../lib/tame.ts";
import { daemonStatus, type DaemonStatus } from "../../../operations/daemon/control.ts";
import { openDaemonSite } from "../../../operations/site.ts";
import { version } from "../../../package-root.ts";
import {
  describeAstray,
  type LivingDaemon,
  type Whereabouts,
} from "../../../state/daemon-alive.ts";
import type { DaemonInfo } from "../../../state/daemon-info.ts";
import { foreignState } from "../../../state/state-dir.ts";
import { versionNotes } from "../../../status/daemon-notes.ts";
import { command } from "../../command.ts";

export const status = command({
  name: "status",
  summary: "whether usrsvcd is running, for how long, with which configuration",
  arguments: undefined,
  options: {},
  run({ options: { json, config }, screen }) {
    using site = openDaemonSite(config);
    for (const hint of site.hints) screen.complain(hint);
    const found = daemonStatus(site.host);
    const notes = describeForeign(site.host, found);
    const more = notes.length === 0 ? {} : { notes };
    const facts = found === undefined ? { running: false } : shown(found.daemon);
    if (json) screen.page(jsonLine({ ...facts, ...more }));
    else for (const line of describe(found, site.host.state.path)) screen.result(line);
    if (!json) for (const note of notes) screen.result(`note: ${note}`);
    return found === undefined ? ExitCode.failure : ExitCode.ok;
  },
});

/** What it does not do at that time is reported nowhere else: it writes nothing there. */
function describeForeign(
  { state }: Pick<Whereabouts, "state">,
  found: DaemonStatus | undefined,
): readonly string[] {
  const foreign = foreignState(found?.daemon.astray?.state ?? state);
  if (foreign === undefined) return [];
  const unknown = found === undefined ? ", and whether usrsvcd is running is not known" : "";
  return [`${foreign}; until that is fixed, nothing can be started or stopped${unknown}`];
}

function describe(found: DaemonStatus | undefined, state: string): readonly string[] {
  if (found === undefined) return ["usrsvcd is not running, so nothing is restarted"];
  const { daemon, silence } = found;
  if (daemon.astray?.kind === "deleted") return [describeAstray(daemon) ?? ""];
  if (daemon.info !== undefined) return describeInfo(daemon, daemon.info, found.ageMs ?? 0);
  const why = silence ?? `is ${state} writable?`;
  return [`usrsvcd is running, pid ${daemon.process.pid}, but has reported no details: ${why}`];
}

function describeInfo(daemon: LivingDaemon, info: DaemonInfo, ageMs: number): readonly string[] {
  const { setAside, troubles, lastReread } = info;
  const astray = daemon.astray?.kind === "other" ? undefined : describeAstray(daemon);
  const rejected =
    lastReread?.ok === false
      ? [
          `the last reread (${localSecond(lastReread.at)}) was rejected:`,
          ...lastReread.problems.map((problem) => `    ${problem}`),
        ]
      : [];
  return [
    `usrsvcd ${info.version} is running, pid ${info.process.pid}, for ${formatDuration(ageMs)}; ` +
      `configuration: ${info.config}; log: ${info.log}`,
    ...(astray === undefined ? versionNotes(info) : [astray]),
    ...(info.endsPrograms ? ["the container and all programs end with it"] : []),
    ...(setAside.length > 0 ? [`ignored: ${setAside.join(", ")}`] : []),
    ...troubles.map(({ since, text }) => `since ${localSecond(since)}: ${text}`),
    ...rejected,
  ];
}

function shown({ process: ref, info }: LivingDaemon): object {
  if (info === undefined) return { running: true, pid: ref.pid };
  const { since, config, pidfile, log, endsPrograms: ends } = info;
  const { setAside, rereads, lastReread, troubles } = info;
  const versions = { version: info.version, installed: version() };
  const base = { running: true, pid: ref.pid, since, ...versions, config, pidfile, log };
  return { ...base, endsPrograms: ends, setAside, troubles, rereads, lastReread };
}
