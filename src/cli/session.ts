import { join, resolve } from "node:path";
import { formatIssues } from "../config/issue.ts";
import { loadSettings } from "../config/load.ts";
import type { Settings } from "../config/settings.ts";
import { homeFolder } from "../lib/home.ts";

/** The configuration file that is meant: `-c FILE`, else usrsvc.cfg in the home folder. */
export function configPath(config: string | undefined): string {
  return config === undefined ? join(homeFolder(), "usrsvc.cfg") : resolve(config);
}

/**
 * Loads the configuration for a command.
 *
 * @throws {ConfigError}
 * @throws {HomeError}
 */
export function load(config: string | undefined): Settings {
  return loadSettings({
    path: configPath(config),
    home: homeFolder(),
    uid: process.getuid?.() ?? 0,
  });
}

/** Issues of the configuration that concern `names` (or all), as text lines. */
export function issuesOf(
  settings: Settings,
  names: ReadonlySet<string> | undefined,
): readonly string[] {
  const concerned = settings.issues
    .filter(({ severity }) => severity === "error")
    .filter(({ program }) => names === undefined || program === undefined || names.has(program));
  return formatIssues(concerned);
}
