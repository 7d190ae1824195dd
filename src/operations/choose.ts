import { formatIssues } from "../config/issue.ts";
import { nearest } from "../config/nearest.ts";
import type { Settings } from "../config/settings.ts";
import { findProgram, type Program } from "../identity/program.ts";
import { removedPrograms } from "../lifecycle/removed.ts";
import { namesOf } from "./program-names.ts";
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

/** What is to be chosen besides what the names say. */
export interface ChoiceOptions {
  /** Of all: those as well that run on, but are in no configuration file any more. */
  readonly withRemoved?: boolean;
  /** What is in no configuration file any more is left out, unless it is named in full. */
  readonly onlyConfigured?: boolean;
}

/**
 * The programs of these names, or all of the configuration. The name of a program that has instances means all of
 * them; in a pattern, * and ? stand for any characters and for one, as in a shell.
 */
export function choose(
  { settings, host }: Site,
  names: readonly string[],
  { withRemoved = false, onlyConfigured = false }: ChoiceOptions = {},
): Choice {
  const configured = [...settings.programs.keys(), ...settings.faulty.keys()];
  let removed: readonly Program[] | undefined;
  const findRemoved = (): readonly Program[] => (removed ??= removedPrograms(configured, host));
  const oneOf = (name: string): readonly Program[] => {
    const program =
      findProgram(settings, name, host) ?? findRemoved().find((one) => one.name === name);
    return program === undefined ? [] : [program];
  };
  const several = (
    fits: (name: string, instanceOf: string | undefined) => boolean,
  ): readonly Program[] => [
    ...[...settings.programs.values(), ...settings.faulty.values()]
      .filter(({ name, instanceOf }) => fits(name, instanceOf))
      .flatMap(({ name }) => oneOf(name)),
    ...(onlyConfigured ? [] : findRemoved().filter(({ name }) => fits(name, baseOf(name)))),
  ];
  const found = (name: string): readonly Program[] => {
    const exact = oneOf(name);
    if (exact.length > 0) return exact;
    const pattern = patternOf(name);
    return several(pattern ?? ((_name, instanceOf) => instanceOf === name));
  };
  const programs = new Map<string, Program>();
  const unknown: UnknownProgram[] = [];
  for (const name of names.length > 0 ? names : configured) {
    const some = found(name);
    for (const one of some) programs.set(one.name, one);
    if (some.length > 0) continue;
    const message =
      patternOf(name) === undefined
        ? describeUnknown(name, namesOf(settings), settings)
        : "no program has a name like this; usrsvc status lists all";
    unknown.push({ program: name, message });
  }
  if (names.length === 0 && withRemoved)
    for (const one of findRemoved()) programs.set(one.name, one);
  return { programs: [...programs.values()], unknown };
}

/** Of what is in no file any more, only the name says that it was an instance. */
function baseOf(name: string): string | undefined {
  return /^(.+):[1-9]\d*$/s.exec(name)?.[1];
}

/** Undefined where it is no pattern. */
function patternOf(name: string): ((name: string) => boolean) | undefined {
  if (!/[*?]/.test(name)) return undefined;
  const source = name
    .replaceAll(/[\\^$.+()[\]{}|]/g, String.raw`\$&`)
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  const regex = new RegExp(`^${source}$`, "su");
  return (one) => regex.test(one);
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
