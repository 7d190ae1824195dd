import { assertNever } from "../lib/assert-never.ts";
import { ageMs } from "../../proc/uptime.ts";
import { ConfigError } from "../config/issue.ts";
import { within } from "../lib/clock.ts";
import { describeAstray, findDaemon, type LivingDaemon, silencer } from "../state/daemon-alive.ts";
import { untilStateIsBack } from "../operations/lost-state.ts";
import { unitOf } from "../state/daemon-info.ts";
import { formatDuration } from "../lib/format.ts";
import { ExitCode } from "../exit-code.ts";
import { restartCommand, versionNotes } from "../status/daemon-notes.ts";
import { version } from "../package-root.ts";
import { describeRunOn, runningPrograms } from "../operations/running.ts";
import type { Host } from "../host/host.ts";
import { linuxHost } from "../host/linux-host.ts";
import { foreignState, makeStateDir, type StateDir, stateDir } from "../state/state-dir.ts";
import type { DaemonAction, DaemonCommand } from "./args.ts";
import { check, checkConfig, tellIssues } from "./checkconfig.ts";
import { type DaemonResult, tellResult } from "./daemon-result.ts";
import { writeFirstConfig } from "./init.ts";
import { installUnit } from "./install-unit.ts";
import { reread } from "./reread.ts";
import type { Screen } from "./screen.ts";
import { configPath, load } from "./session.ts";
import { jsonLine } from "../lib/tame.ts";

type Control = DaemonCommand & { kind: "control" };

/** usrsvcd ends within milliseconds; one that does not within this time is told of. */
const STOP_PATIENCE_MS = 10_000;

/** All of `usrsvcd` that starts none. */
export async function control(
  command: Control & { readonly action: Exclude<DaemonAction, "start"> },
  screen: Screen,
  signal: AbortSignal,
): Promise<ExitCode> {
  const { action, config, json } = command;
  switch (action) {
    case "checkconfig":
      return checkConfig(command, screen);
    case "init":
      return writeFirstConfig(command, screen);
    case "install-unit":
      return await installUnit(command, screen);
    case "reread":
      return await rereadOrCheck(command, screen, signal);
    case "restart": {
      // Not without one that can take its place.
      const { main } = load(config);
      using host = hostOf(main.stateDir, config, screen);
      const result = await restart(host, screen, signal);
      // As JSON, the start tells what came of both.
      const { code } = result;
      if (json && code === ExitCode.ok) return code;
      return tellResult({ ...result, action }, json, screen);
    }
    case "stop":
    case "status": {
      using host = hostOf(findState(config, screen), config, screen);
      if (action === "status") return showDaemon(command, host, screen);
      return tellResult(await stopDaemon(host, signal), json, screen);
    }
    default:
      return assertNever(action);
  }
}

/** Stops it, so that another can be started. */
async function restart(host: Host, screen: Screen, signal: AbortSignal): Promise<DaemonResult> {
  const refused = refuseRestart(host);
  if (refused !== undefined) return refused;
  const lost = await untilStateIsBack(host, signal, (text) => screen.complain(text));
  if (lost !== undefined) {
    return { action: "restart", result: "refused", code: ExitCode.tryAgain, message: lost };
  }
  makeStateDir(host.state);
  return await stopDaemon(host, signal);
}

function refuseRestart(host: Host): DaemonResult | undefined {
  const daemon = findDaemon(host);
  if (daemon === undefined) return undefined;
  const { info, process: ref } = daemon;
  const unit =
    info === undefined ? unitOf(Object.fromEntries(host.proc.environ(ref.pid))) : info.unit;
  if (unit !== undefined) return refuseUnderSystemd(unit);
  return endsPrograms(daemon) ? refuseInContainer(daemon) : undefined;
}

function endsPrograms({ info, process: { pid } }: LivingDaemon): boolean {
  return info?.endsPrograms ?? Number(pid) === 1;
}

/** Stopped and started here, it would go on outside of systemd, which could start none then. */
function refuseUnderSystemd(unit: "system" | "user"): DaemonResult {
  const message = `usrsvcd is run by systemd: ${restartCommand(unit)}`;
  return { action: "restart", result: "refused", code: ExitCode.failure, message };
}

/** Stopped here, nobody would be left to start it. */
function refuseInContainer({ process: { pid } }: LivingDaemon): DaemonResult {
  const message = `the container ends with usrsvcd, pid ${pid}: restart the container, or usrsvc restart all`;
  return { action: "restart", result: "refused", code: ExitCode.failure, message };
}

/** A usrsvcd that runs can be asked for and stopped although its configuration is broken by now. */
function findState(config: string | undefined, screen: Screen): string {
  try {
    return load(config).main.stateDir;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    screen.complain(error.message);
    return error.stateDir;
  }
}

/** Tells as well where usrsvcd has its state folder, if not where the configuration has it. */
function hostOf(path: string, config: string | undefined, screen: Screen): Host & Disposable {
  const scope = { config: configPath(config), isConfigured: () => true };
  const host = linuxHost(stateDir(path), "usrsvc", scope);
  const daemon = findDaemon(host);
  if (daemon?.astray?.kind === "other") screen.complain(describeAstray(daemon) ?? "");
  return host;
}

async function stopDaemon(host: Host, signal: AbortSignal): Promise<DaemonResult> {
  const base = { action: "stop", code: ExitCode.ok } as const;
  const daemon = findDaemon(host);
  using watch = daemon && host.watcher().open(daemon.process);
  if (watch === undefined) return { ...base, result: "down", message: "usrsvcd was not running" };
  const { pid } = watch.ref;
  const facts = { pid };
  watch.signal("SIGTERM");
  if (daemon !== undefined && endsPrograms(daemon)) {
    // It takes as long as its programs do; killed, it would take them all with it.
    await within(watch.exited, Number.POSITIVE_INFINITY, signal);
    const message = `usrsvcd stopped, pid ${pid}, and before it all its programs`;
    return { ...base, result: "stopped", message, facts };
  }
  if ((await within(watch.exited, STOP_PATIENCE_MS, signal)) === undefined) {
    watch.signal("SIGKILL");
    await watch.exited;
    const left = `usrsvcd killed, pid ${pid}: it did not answer to SIGTERM`;
    return { ...base, result: "killed", ...withRunningOn(left, facts, daemon, host) };
  }
  const left = `usrsvcd stopped, pid ${pid}`;
  return { ...base, result: "stopped", ...withRunningOn(left, facts, daemon, host) };
}

function withRunningOn(
  text: string,
  facts: Readonly<Record<string, unknown>>,
  daemon: LivingDaemon | undefined,
  { state, proc, config }: Host,
): Pick<DaemonResult, "message" | "facts"> {
  if (daemon?.astray?.kind === "deleted") return { message: `${text}; its programs run on`, facts };
  const place = { state: daemon?.astray?.state ?? state, proc };
  const runningOn = runningPrograms(place, daemon?.info?.config ?? config);
  return { message: `${text}; ${describeRunOn(runningOn)}`, facts: { ...facts, runningOn } };
}

function showDaemon({ json }: Control, host: Host, screen: Screen): ExitCode {
  const daemon = findDaemon(host);
  const info = daemon?.info;
  const notes = describeForeign(daemon?.astray?.state ?? host.state, daemon);
  if (json) {
    const more = notes.length === 0 ? {} : { notes };
    screen.page(
      jsonLine({ ...(daemon === undefined ? { running: false } : shown(daemon)), ...more }),
    );
  } else if (daemon === undefined) screen.result("usrsvcd is not running: nothing is restarted");
  else if (daemon.astray?.kind === "deleted") screen.result(describeAstray(daemon) ?? "");
  else if (info === undefined) {
    screen.result(
      `usrsvcd runs, pid ${daemon.process.pid}; it has told no more of itself: ` +
        (silencer(host.state) ?? `can nothing be written in ${host.state.path}?`),
    );
  } else {
    // Not by the clock, which may have been set since.
    const age = formatDuration(ageMs(info.process.startTime, host.proc.uptime()));
    screen.result(
      `usrsvcd ${info.version} runs, pid ${info.process.pid}, for ${age}; ` +
        `configuration: ${info.config}; log: ${info.log}`,
    );
    const astray = daemon.astray?.kind === "other" ? undefined : describeAstray(daemon);
    for (const note of astray === undefined ? versionNotes(info) : [astray]) screen.result(note);
    if (info.endsPrograms) screen.result("the container, and all programs, end with it");
    if (info.setAside.length > 0) screen.result(`set aside: ${info.setAside.join(", ")}`);
    for (const { since, text } of info.troubles) screen.result(`since ${since}: ${text}`);
    if (info.lastReread?.ok === false) {
      screen.result(`the last reread (${info.lastReread.at}) was rejected:`);
      for (const problem of info.lastReread.problems) screen.result(`    ${problem}`);
    }
  }
  if (!json) for (const note of notes) screen.result(`note: ${note}`);
  return daemon === undefined ? ExitCode.failure : ExitCode.ok;
}

/** What it does or does not do just then is told nowhere else: it writes nothing there. */
function describeForeign(state: StateDir, daemon: LivingDaemon | undefined): readonly string[] {
  const foreign = foreignState(state);
  if (foreign === undefined) return [];
  const unknown = daemon === undefined ? ", and whether usrsvcd runs is not known" : "";
  return [`${foreign}; until that is mended, nothing can be started or stopped${unknown}`];
}

function shown({ process: ref, info }: LivingDaemon): object {
  if (info === undefined) return { running: true, pid: ref.pid };
  const { since, config, pidfile, log, endsPrograms: ends } = info;
  const { setAside, rereads, lastReread, troubles } = info;
  const versions = { version: info.version, installed: version() };
  const base = { running: true, pid: ref.pid, since, ...versions, config, pidfile, log };
  return { ...base, endsPrograms: ends, setAside, troubles, rereads, lastReread };
}

/** What is wrong is told here, with warnings, and by usrsvcd, which keeps its configuration then. */
async function rereadOrCheck(
  { config, json }: Control,
  screen: Screen,
  signal: AbortSignal,
): Promise<ExitCode> {
  const checked = check(config);
  const { stateDir: path, issues, settings } = checked;
  tellIssues(checked, screen);
  using host = hostOf(path, config, screen);
  const result = await reread(host, signal);
  const isFaulty = settings === undefined || issues.some(({ severity }) => severity === "error");
  const code = result.code === ExitCode.ok && isFaulty ? ExitCode.invalidConfig : result.code;
  if (code === result.code) return tellResult(result, json, screen);
  // What usrsvcd did, if it runs at all, went well: that is a result.
  tellResult(json ? { ...result, code } : result, json, screen);
  return code;
}
