import { join, resolve } from "node:path";
import { ConfigError, type ConfigIssue } from "../config/issue.ts";
import { loadSettings } from "../config/load.ts";
import type { Settings } from "../config/settings.ts";
import { homeFolder } from "../lib/home.ts";
import { machineFacts } from "./machine-facts.ts";

/** The configuration file: `-c FILE`, else usrsvc.cfg in the home folder. */
export function configPath(config: string | undefined): string {
  return config === undefined ? join(homeFolder(), "usrsvc.cfg") : resolve(config);
}

/**
 * Loads the configuration for an operation.
 *
 * @throws {ConfigError}
 * @throws {HomeError}
 */
export function load(config: string | undefined): Settings {
  return loadSettings(placeOf(config));
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

/** Loads the configuration, advice included. `env`: that of a usrsvcd, which may have other values for `%(ENV_NAME)s`. */
export function check(
  config: string | undefined,
  env?: Readonly<Record<string, string | undefined>>,
): Checked {
  const place = { ...placeOf(config), env };
  const { path } = place;
  const advice = machineFacts(path);
  try {
    const settings = loadSettings({ ...place, advice });
    return { path, settings, stateDir: settings.main.stateDir, issues: settings.issues };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { path, settings: undefined, stateDir: error.stateDir, issues: error.issues };
  }
}
