import { ConfigError } from "../config/issue.ts";
import { OtherFiles } from "../config/other-files.ts";
import { defaultStateDir } from "../config/schema.ts";
import type { Settings } from "../config/settings.ts";
import type { Host } from "../host/host.ts";
import { linuxHost } from "../host/linux-host.ts";
import { lately } from "../lib/clock.ts";
import { homeFolder } from "../lib/home.ts";
import { realPath } from "../lib/same-file.ts";
import { describeAstray, findDaemon, livingDaemon } from "../state/daemon-alive.ts";
import { checkReadable, stateDir } from "../state/state-dir.ts";
import { configPath, load } from "./configuration.ts";

/** Time for which the look at the running usrsvcd is reused, in ms: once for many programs. */
const LATELY_MS = 20;

/** A configuration, and the machine on which its programs run. Dispose of it at the end. */
export interface Site extends Disposable {
  readonly settings: Settings;
  readonly host: Host;
}

/** The site of settings that were loaded already. It has the host, and disposes of it. */
export function siteOf(settings: Settings, host: Host & Disposable): Site {
  return { settings, host, [Symbol.dispose]: () => host[Symbol.dispose]() };
}

/**
 * Loads the configuration for what is to be done with its programs; `texts` count instead of the files that they
 * are to be.
 *
 * @throws {ConfigError}
 * @throws {HomeError}
 * @throws {StateDirError} when this account may not look into it
 */
export function openSite(file: string | undefined, texts?: ReadonlyMap<string, string>): Site {
  return openSiteOf(load(file, texts), file);
}

/** The same with settings that were loaded already. */
export function openSiteOf(settings: Settings, file: string | undefined): Site {
  const state = stateDir(settings.main.stateDir);
  checkReadable(state);
  const home = homeFolder();
  const others = new OtherFiles({ home, uid: process.getuid?.() ?? 0 }, state.path);
  const host = linuxHost(state, "usrsvc", {
    config: configPath(file),
    home,
    isConfigured: (name) => settings.programs.has(name) || settings.faulty.has(name),
    standingIn: (config, name) => others.standing(config, name),
    commonState: defaultStateDir(realPath(home)),
    daemonConfig: lately(LATELY_MS, () => livingDaemon(state, host.proc)?.config),
    programs: () => settings.programs.values(),
  });
  return siteOf(settings, host);
}

/** Settings as they count for a usrsvcd that has this state folder until it is restarted. */
export function withState(settings: Settings, stateDir: string | undefined): Settings {
  if (stateDir === undefined) return settings;
  return { ...settings, main: { ...settings.main, stateDir } };
}

/** Where the usrsvcd of a configuration is looked for. Dispose of it at the end. */
export interface DaemonSite extends Disposable {
  readonly host: Host;
  /** What its operator should know first: one sentence each. */
  readonly hints: readonly string[];
}

/**
 * For an action on a usrsvcd, which needs only its state folder: it can be queried
 * and stopped even though its configuration is broken by now.
 *
 * @throws {HomeError}
 */
export function openDaemonSite(file: string | undefined): DaemonSite {
  try {
    return daemonSite(load(file).main.stateDir, file);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return daemonSite(error.stateDir, file, [error.message]);
  }
}

/** The same, if the state folder is known. It also reports where usrsvcd has its own, if elsewhere. */
export function daemonSite(
  path: string,
  file: string | undefined,
  hints: readonly string[] = [],
): DaemonSite {
  const scope = { config: configPath(file), isConfigured: () => true };
  const state = stateDir(path);
  checkReadable(state);
  const host = linuxHost(state, "usrsvc", scope);
  const daemon = findDaemon(host);
  const astray = daemon?.astray?.kind === "other" ? describeAstray(daemon) : undefined;
  return {
    host,
    hints: astray === undefined ? hints : [...hints, astray],
    [Symbol.dispose]: () => host[Symbol.dispose](),
  };
}
