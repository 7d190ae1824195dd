import { formatIssues } from "../config/issue.ts";
import { nearest } from "../config/nearest.ts";
import type { Settings } from "../config/settings.ts";
import { findProgram, type Program } from "../identity/program.ts";
import { removedPrograms } from "../lifecycle/removed.ts";
import type { Site } from "./site.ts";

/** The chosen programs. */
export interface Choice {
  readonly programs: readonly Program[];
  readonly unknown: readonly UnknownProgram[];
}

/** A name that is not in the configuration. */
export interface UnknownProgram {
  readonly program: string;
  /** Says so, and which name was perhaps meant. */
  readonly message: string;
}

/**
 * The programs of these names, or all of the configuration.
 *
 * @param withRemoved of all: also those that keep running, but are no longer in any configuration file
 */
export function choose(
  { settings, host }: Site,
  names: readonly string[],
  withRemoved = false,
): Choice {
  const configured = [...settings.programs.keys(), ...settings.faulty.keys()];
  const programs: Program[] = [];
  const unknown: UnknownProgram[] = [];
  let removed: readonly Program[] | undefined;
  const findRemoved = (): readonly Program[] => (removed ??= removedPrograms(configured, host));
  for (const name of names.length > 0 ? names : configured) {
    const program =
      findProgram(settings, name, host) ?? findRemoved().find((one) => one.name === name);
    if (program !== undefined) programs.push(program);
    else unknown.push({ program: name, message: describeUnknown(name, configured, settings) });
  }
  if (names.length === 0 && withRemoved) programs.push(...findRemoved());
  return { programs, unknown };
}

function describeUnknown(
  name: string,
  known: readonly string[],
  { issues }: Pick<Settings, "issues">,
): string {
  const near = nearest(name, known);
  const hint =
    near === undefined
      ? known.length === 0
        ? ["the configuration has no programs", ...formatIssues(issues)].join("; ")
        : "usrsvc status lists them all"
      : `did you mean ${near}?`;
  return `no such program; ${hint}`;
}
