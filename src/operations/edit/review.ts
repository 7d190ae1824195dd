import { type ConfigIssue, formatIssues } from "../../config/issue.ts";
import type { ProgramSettings, Settings } from "../../config/settings.ts";
import { comparePrograms } from "../../state/compare-programs.ts";
import { type Checked, check } from "../configuration.ts";

/** What a changed text would make of the configuration. */
export interface Review {
  /** Lines about the errors that come with it, or are in the file. */
  readonly errors: readonly string[];
  /** Lines about what is doubtful in the file. */
  readonly warnings: readonly string[];
  readonly changes: Changes;
}

/** Names of programs; `atRestart`: those that run on with older settings until they are restarted. */
export interface Changes {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
  readonly atRestart: readonly string[];
}

/** Reads the configuration as it would be with this text in that file. `before`: as it was. */
export function review(
  before: Checked,
  file: string,
  text: string,
  config: string | undefined,
): Review {
  const after = check(config, { texts: new Map([[file, text]]) });
  const known = new Set(errorsIn(before).map(keyOf));
  const errors = errorsIn(after).filter((one) => one.place.file === file || !known.has(keyOf(one)));
  const warnings = after.issues.filter(
    ({ severity, place }) => severity === "warning" && place.file === file,
  );
  return {
    errors: formatIssues(errors),
    warnings: formatIssues(warnings),
    changes: compare(before.settings, after.settings),
  };
}

function errorsIn({ issues }: Checked): readonly ConfigIssue[] {
  return issues.filter(({ severity }) => severity === "error");
}

/** Without the line: that changes with what is written above it. */
function keyOf({ place, message }: ConfigIssue): string {
  return `${place.file}\0${message}`;
}

function compare(before: Settings | undefined, after: Settings | undefined): Changes {
  const differing = comparePrograms(before?.programs ?? new Map(), after?.programs ?? new Map());
  const { added, removed, changed, launched } = differing;
  const namesOf = (all: readonly ProgramSettings[]): readonly string[] =>
    all.map(({ name }) => name);
  return {
    added: namesOf(added),
    removed,
    changed: namesOf(changed),
    atRestart: [...launched],
  };
}
