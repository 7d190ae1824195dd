import { type ConfigIssue, formatIssue, formatIssues } from "../../../config/issue.ts";
import { ExitCode } from "../../../exit-code.ts";
import { jsonLine } from "../../../lib/tame.ts";
import { check, type Checked } from "../../../operations/configuration.ts";
import { describeOtherHome } from "../../../operations/other-home.ts";
import { command, type Invocation } from "../../command.ts";
import { tellResult } from "../../daemon-result.ts";
import { describeSettings } from "../../effective.ts";
import type { Screen } from "../../screen.ts";

const options = {
  "show-secrets": {
    help: "show passwords and the values of [[Env]]",
    needs: { option: "json", why: "nothing else shows any" },
  },
} as const;

export const checkconfig = command({
  name: "checkconfig",
  summary:
    "report what is wrong or doubtful in the configuration (--json: also the effective settings, secrets masked)",
  arguments: undefined,
  options,
  run: checkConfig,
});

function checkConfig({ options: given, screen }: Invocation<typeof options>): ExitCode {
  const { json, config, "show-secrets": showsSecrets } = given;
  const checked = check(config);
  const { path, settings } = checked;
  tellIssues(checked, screen);
  const issues = eachOnce(checked.issues);
  if (json) {
    const lines = [
      ...(settings ? describeSettings(settings, showsSecrets) : []),
      ...issues.map(describeIssue),
    ];
    for (const line of lines) screen.page(jsonLine(line, showsSecrets));
  }
  const { length: warnings } = issues.filter(({ severity }) => severity === "warning");
  const errors = issues.length - warnings;
  const programs = settings?.programs.size ?? 0;
  const setAside = [...(settings?.faulty.keys() ?? [])];
  const isRight = settings !== undefined && errors === 0 && setAside.length === 0;
  const warned = warnings === 0 ? "" : `, ${count(warnings, "warning")}`;
  const message = isRight
    ? `no errors${warned}; ${count(programs, "program")} valid`
    : settings === undefined
      ? `cannot be used: ${count(errors, "error")}${warned}`
      : `${count(errors, "error")}${warned}; ${count(programs, "program")} valid` +
        (setAside.length === 0 ? "" : `; ignored: ${setAside.join(", ")}`);
  return tellResult(
    {
      action: "checkconfig",
      result: isRight ? "valid" : settings === undefined ? "unusable" : "faulty",
      code: isRight ? ExitCode.ok : ExitCode.invalidConfig,
      message: `${path}: ${message}`,
      facts: { config: path, programs, setAside, errors, warnings },
    },
    json,
    screen,
  );
}

/** Prints what is wrong or doubtful. */
export function tellIssues(
  { issues, path }: Pick<Checked, "issues" | "path">,
  screen: Screen,
): void {
  for (const line of formatIssues(issues)) screen.complain(line);
  const hint = describeOtherHome(issues, path);
  if (hint !== undefined) screen.complain(hint);
}

type Told = ConfigIssue & { readonly programs: readonly string[] };

/** An issue in defaults concerns many programs, and counts once. */
function eachOnce(issues: readonly ConfigIssue[]): readonly Told[] {
  const told = new Map<string, Told>();
  for (const issue of issues) {
    const text = formatIssue(issue);
    const before = told.get(text)?.programs ?? [];
    const { program } = issue;
    const programs =
      program === undefined || before.includes(program) ? before : [...before, program];
    told.set(text, { ...issue, programs });
  }
  return [...told.values()];
}

/** JSON also reports each text once; `programs` are all those that it concerns. */
function describeIssue({ place, severity, message, programs }: Told): object {
  const { file, line = null } = place;
  const [program = null] = programs;
  const more = programs.length > 1 ? { programs } : {};
  return { section: "Issue", severity, file, line, program, ...more, message };
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
