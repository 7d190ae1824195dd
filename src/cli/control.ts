import { userInfo } from "node:os";
import { assertNever } from "../assert-never.ts";
import { ConfigError, type ConfigIssue, formatIssue } from "../config/issue.ts";
import type { Settings } from "../config/settings.ts";
import { monotonicMs, sleep, within } from "../clock.ts";
import { findDaemon, type LivingDaemon, stateOfPidfile } from "../daemon-alive.ts";
import { type DaemonInfo, unitOf } from "../daemon-info.ts";
import { formatDuration } from "../format.ts";
import { ExitCode } from "../exit-code.ts";
import type { Host } from "../program/host.ts";
import { linuxHost } from "../program/linux-host.ts";
import { stateDir } from "../program/state-dir.ts";
import type { DaemonAction, DaemonCommand } from "./args.ts";
import { describeSettings } from "./effective.ts";
import type { Screen } from "./screen.ts";
import { configPath, issuesOf, load } from "./session.ts";

type Control = DaemonCommand & { kind: "control" };

/** usrsvcd ends within milliseconds; one that does not within this time is told of. */
const STOP_PATIENCE_MS = 10_000;
const REREAD_PATIENCE_MS = 10_000;

/** All of `usrsvcd` that starts none. */
export async function control(
  command: Control & { readonly action: Exclude<DaemonAction, "start"> },
  screen: Screen,
  signal: AbortSignal,
): Promise<ExitCode> {
  const { action, config } = command;
  switch (action) {
    case "checkconfig":
      return checkConfig(load(config), command, screen);
    case "reread":
      return await rereadOrCheck(command, screen, signal);
    case "restart": {
      // Not without one that can take its place.
      using host = hostOf(load(config).main, config, screen);
      const unit = unitOfDaemon(host);
      if (unit !== undefined) return refuseUnderSystemd(unit, screen);
      return await stopDaemon(host, screen, signal);
    }
    case "stop":
    case "status": {
      using host = hostOf(findState(config, screen), config, screen);
      if (action === "status") return showDaemon(command, host, screen);
      return await stopDaemon(host, screen, signal);
    }
    default:
      return assertNever(action);
  }
}

function unitOfDaemon({ state, proc }: Host): DaemonInfo["unit"] {
  const daemon = findDaemon(state, proc);
  if (daemon === undefined) return undefined;
  if (daemon.info !== undefined) return daemon.info.unit;
  return unitOf(Object.fromEntries(proc.environ(daemon.process.pid)));
}

/** Stopped and started here, it would go on outside of systemd, which could start none then. */
function refuseUnderSystemd(unit: "system" | "user", screen: Screen): ExitCode {
  const how =
    unit === "user"
      ? "systemctl --user restart usrsvcd"
      : `systemctl restart usrsvcd@${userInfo().username}`;
  screen.complain(`usrsvcd is run by systemd: ${how}`);
  return ExitCode.failure;
}

/** A usrsvcd that runs can be asked for and stopped although its configuration is broken by now. */
function findState(config: string | undefined, screen: Screen): Whereabouts {
  try {
    return load(config).main;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    screen.complain(error.message);
    return error;
  }
}

/** Where a usrsvcd is to be found. */
interface Whereabouts {
  readonly stateDir: string;
  readonly pidfile?: string;
}

/** For the state folder that usrsvcd has: the configuration may name another by now. */
function hostOf(
  { stateDir: path, pidfile }: Whereabouts,
  config: string | undefined,
  screen: Screen,
): Host & Disposable {
  const scope = { config: configPath(config), isConfigured: () => true };
  const host = linuxHost(stateDir(path), "usrsvc", scope);
  if (pidfile === undefined || findDaemon(host.state, host.proc) !== undefined) return host;
  const state = stateOfPidfile(pidfile, host.proc);
  if (state === undefined) return host;
  host[Symbol.dispose]();
  screen.complain(`usrsvcd has state_dir ${state.path} until it is restarted`);
  return linuxHost(state, "usrsvc", scope);
}

async function stopDaemon(host: Host, screen: Screen, signal: AbortSignal): Promise<ExitCode> {
  const daemon = findDaemon(host.state, host.proc);
  using watch = daemon && host.watcher().open(daemon.process);
  if (watch === undefined) {
    screen.result("usrsvcd was not running");
    return ExitCode.ok;
  }
  const { pid } = watch.ref;
  watch.signal("SIGTERM");
  if ((await within(watch.exited, STOP_PATIENCE_MS, signal)) === undefined) {
    watch.signal("SIGKILL");
    await watch.exited;
    screen.result(`usrsvcd killed, pid ${pid}: it did not answer to SIGTERM; its programs run on`);
    return ExitCode.ok;
  }
  screen.result(`usrsvcd stopped, pid ${pid}; its programs run on`);
  return ExitCode.ok;
}

function showDaemon({ json }: Control, host: Host, screen: Screen): ExitCode {
  const daemon = findDaemon(host.state, host.proc);
  const info = daemon?.info;
  if (json)
    screen.result(JSON.stringify(daemon === undefined ? { running: false } : shown(daemon)));
  else if (daemon === undefined) screen.result("usrsvcd is not running: nothing is restarted");
  else if (info === undefined) {
    screen.result(
      `usrsvcd runs, pid ${daemon.process.pid}; it has told no more of itself: ` +
        `can nothing be written in ${host.state.path}?`,
    );
  } else {
    const age = formatDuration(Date.now() - Date.parse(info.since));
    screen.result(
      `usrsvcd ${info.version} runs, pid ${info.process.pid}, for ${age}; ` +
        `configuration: ${info.config}; log: ${info.log}`,
    );
    if (info.lastReread?.ok === false) {
      screen.result(`the last reread (${info.lastReread.at}) was rejected:`);
      for (const problem of info.lastReread.problems) screen.result(`    ${problem}`);
    }
  }
  return daemon === undefined ? ExitCode.failure : ExitCode.ok;
}

function shown({ process: ref, info }: LivingDaemon): object {
  if (info === undefined) return { running: true, pid: ref.pid };
  const { since, version, config, pidfile, log, rereads, lastReread } = info;
  return { running: true, pid: ref.pid, since, version, config, pidfile, log, rereads, lastReread };
}

/** What is wrong is told here, with warnings, and by usrsvcd, which keeps its configuration then. */
async function rereadOrCheck(
  { config }: Control,
  screen: Screen,
  signal: AbortSignal,
): Promise<ExitCode> {
  const { where, issues, isBroken } = loadLeniently(config);
  for (const issue of issues) screen.complain(formatIssue(issue));
  using host = hostOf(where, config, screen);
  const code = await reread(host, screen, signal);
  const isFaulty = isBroken || issues.some(({ severity }) => severity === "error");
  return code === ExitCode.ok && isFaulty ? ExitCode.invalidConfig : code;
}

function loadLeniently(config: string | undefined): {
  where: Whereabouts;
  issues: readonly ConfigIssue[];
  isBroken: boolean;
} {
  try {
    const { main, issues } = load(config);
    return { where: main, issues, isBroken: false };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { where: error, issues: error.issues, isBroken: true };
  }
}

/** Asks usrsvcd to read its configuration again, and tells what came of it. */
async function reread(host: Host, screen: Screen, signal: AbortSignal): Promise<ExitCode> {
  const before = findDaemon(host.state, host.proc);
  using watch = before && host.watcher().open(before.process);
  if (before === undefined || watch === undefined) {
    screen.result("usrsvcd was not running: it reads the configuration when it starts");
    return ExitCode.ok;
  }
  watch.signal("SIGUSR1");
  const end = monotonicMs() + REREAD_PATIENCE_MS;
  while (monotonicMs() < end) {
    const now = findDaemon(host.state, host.proc);
    if (now === undefined) {
      screen.complain("usrsvcd ended meanwhile");
      return ExitCode.failure;
    }
    const { rereads = 0, lastReread } = now.info ?? {};
    if (rereads > (before.info?.rereads ?? 0) && lastReread !== undefined) {
      return tellReread(lastReread, screen);
    }
    await sleep(5, signal);
  }
  const where =
    before.info === undefined
      ? `the answer may be in its log: can nothing be written in ${host.state.path}?`
      : `see its log: ${before.info.log}`;
  screen.complain(`usrsvcd, pid ${watch.ref.pid}, has not answered; ${where}`);
  return ExitCode.tryAgain;
}

function tellReread(result: NonNullable<DaemonInfo["lastReread"]>, screen: Screen): ExitCode {
  if (!result.ok) {
    screen.complain("not reread: usrsvcd keeps its configuration");
    return ExitCode.invalidConfig;
  }
  const list = (word: string, names: readonly string[]): string =>
    names.length === 0 ? `none ${word}` : `${word}: ${names.join(", ")}`;
  const { added, removed, changed, atRestart = [] } = result;
  screen.result(
    `reread; ${list("added", added)}; ${list("removed", removed)}; ${list("changed", changed)}`,
  );
  if (atRestart.length > 0) {
    screen.result(`run on with older settings until they are restarted: ${atRestart.join(", ")}`);
  }
  for (const problem of result.problems) screen.result(problem);
  return ExitCode.ok;
}

function checkConfig(settings: Settings, { json, config }: Control, screen: Screen): ExitCode {
  for (const issue of settings.issues) screen.complain(formatIssue(issue));
  if (json) for (const line of describeSettings(settings)) screen.result(JSON.stringify(line));
  const { size } = settings.programs;
  if (settings.faulty.size > 0 || issuesOf(settings, undefined).length > 0) {
    const names = [...settings.faulty.keys()].join(", ");
    screen.complain(`${configPath(config)}: ${size} programs are right; set aside: ${names}`);
    return ExitCode.invalidConfig;
  }
  if (!json) screen.result(`${configPath(config)}: no errors, ${size} programs`);
  return ExitCode.ok;
}
