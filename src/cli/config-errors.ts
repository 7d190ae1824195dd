import { formatIssues } from "../config/issue.ts";
import type { Settings } from "../config/settings.ts";
import { errorsOf } from "../operations/configuration.ts";

/** Errors of the configuration that concern these programs (none named: all), as text lines. */
export function configErrors(settings: Settings, names: readonly string[]): readonly string[] {
  return formatIssues(errorsOf(settings, names.length > 0 ? new Set(names) : undefined));
}
