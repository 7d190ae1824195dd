import { join, resolve } from "node:path";
import { ConfigError, type ConfigIssue } from "../config/issue.ts";
import type { HostsSettings } from "../config/hosts.ts";
import { sortIssues } from "../config/issue-list.ts";
import { loadHosts, loadMain, type LoadOptions, loadSettings } from "../config/load.ts";
import type { Settings } from "../config/settings.ts";
import { homeFolder } from "../lib/home.ts";
import { type StateDir, checkReadable, stateDir } from "../state/state-dir.ts";
import { machineFacts } from "./checkconfig/machine-facts.ts";

/** The configuration file: `-c FILE`, else usrsvc.cfg in the home folder. */
export function configPath(config: string | undefined): string {
  return config === undefined ? join(homeFolder(), "usrsvc.cfg") : resolve(config);
}

/**
 * Loads the configuration for an operation; `texts` count instead of the files that they are to be.
 *
 * @throws {ConfigError}
 * @throws {HomeError}
 */
export function load(config: string | undefined, texts?: LoadOptions["texts"]): Settings {
  return loadSettings({ ...placeOf(config), texts });
}

/**
 * The state folder of a configuration, for what needs no program.
 *
 * @throws {ConfigError}
 * @throws {HomeError}
 * @throws {StateDirError} when this account may not look into it
 */
export function stateDirOf(config: string | undefined): StateDir {
  const state = stateDir(loadMain(placeOf(config)).stateDir);
  checkReadable(state);
  return state;
}

function placeOf(config: string | undefined): { path: string; home: string; uid: number } {
  return { path: configPath(config), home: homeFolder(), uid: process.getuid?.() ?? 0 };
}

/** Errors of the configuration that concern `names` (or all). */
export function errorsOf(
  { issues }: Pick<Settings, "issues">,
  names: ReadonlySet<string> | undefined,
): readonly ConfigIssue[] {
  return issues
    .filter(({ severity }) => severity === "error")
    .filter(({ program }) => names === undefined || program === undefined || names.has(program));
}

/** A configuration with all its issues. */
export interface Checked {
  readonly path: string;
  /** Undefined: it cannot be used at all. */
  readonly settings: Settings | undefined;
  readonly stateDir: string;
  readonly issues: readonly ConfigIssue[];
}

/** What else counts than the files and our own environment. */
export interface CheckOptions {
  /** That of a usrsvcd, which may have other values for `%(ENV_NAME)s`. */
  readonly env?: LoadOptions["env"];
  /** Count instead of the files that they are to be. */
  readonly texts?: LoadOptions["texts"];
}

/** Loads the configuration, advice and `[Hosts]` included. */
export function check(config: string | undefined, { env, texts }: CheckOptions = {}): Checked {
  const place = { ...placeOf(config), env };
  const { path } = place;
  const advice = machineFacts(path);
  try {
    const settings = loadSettings({ ...place, advice, texts });
    const issues = withHosts(settings.issues, config);
    return { path, settings, stateDir: settings.main.stateDir, issues };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const issues = withHosts(error.issues, config);
    return { path, settings: undefined, stateDir: error.stateDir, issues };
  }
}

/** The issues of `[Hosts]` among the others. */
function withHosts(
  issues: readonly ConfigIssue[],
  config: string | undefined,
): readonly ConfigIssue[] {
  const more = hostsIssues(config);
  if (more.length === 0) return issues;
  const files = issues.map(({ place }) => place.file);
  return sortIssues([...issues, ...more], [configPath(config), ...new Set(files)]);
}

function hostsIssues(config: string | undefined): readonly ConfigIssue[] {
  try {
    return findHosts(config)?.issues ?? [];
  } catch (error) {
    if (error instanceof ConfigError) return []; // which is known of the whole file
    throw error;
  }
}

/**
 * The names in `[Hosts]`; undefined: there is no configuration file.
 *
 * @throws {ConfigError}
 * @throws {HomeError}
 */
export function findHosts(config: string | undefined): HostsSettings | undefined {
  return loadHosts(placeOf(config));
}
