import { type ConfigIssue, formatIssue, formatIssues } from "../../../config/issue.ts";
import { ExitCode } from "../../../exit-code.ts";
import { jsonLine } from "../../../lib/tame.ts";
import { check, type Checked } from "../../../operations/configuration.ts";
import { describeOtherHome } from "../../../operations/checkconfig/other-home.ts";
import { command, type Invocation } from "../../command.ts";
import { tellResult } from "../../daemon-result.ts";
import { describeSettings } from "../../effective.ts";
import type { Screen } from "../../screen.ts";

const options = {
  "show-secrets": {
    help: "show passwords and the values of [[Env]]",
    needs: { option: "json", why: "nothing else shows any" },
    excludes: "diff",
  },
  diff: {
    help: "what a reread would add, remove and change, key by key, and what of it needs a restart; exits with 1 if anything",
  },
} as const;

export const checkconfig = command({
  name: "checkconfig",
  summary:
    "report what is wrong or doubtful in the configuration (--json: also the effective settings, secrets masked)",
  arguments: undefined,
  options,
  run: async (invocation) => {
    if (!invocation.options.diff) return checkConfig(invocation);
    const { diffConfig } = await import("./checkconfig-diff.ts");
    return await diffConfig(invocation);
  },
});

function checkConfig({ options: given, screen }: Invocation<typeof options>): ExitCode {
  const { json, config, "show-secrets": showsSecrets } = given;
  const checked = check(config);
  const { path, settings } = checked;
  tellIssues(checked, screen);
  const { issues, errors, warnings } = countIssues(checked);
  if (json) {
    const lines = [
      ...(settings ? describeSettings(settings, showsSecrets) : []),
      ...issues.map(describeIssue),
    ];
    for (const line of lines) screen.page(jsonLine(line, showsSecrets));
  }
  const programs = settings?.programs.size ?? 0;
  const setAside = [...(settings?.faulty.keys() ?? [])];
  const isRight = settings !== undefined && errors === 0 && setAside.length === 0;
  const message = summarize(checked, { errors, warnings });
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

/** Each issue once, and how many of a kind there are. */
export function countIssues({ issues: all }: Pick<Checked, "issues">): {
  readonly issues: readonly Told[];
  readonly errors: number;
  readonly warnings: number;
} {
  const issues = eachOnce(all);
  const { length: warnings } = issues.filter(({ severity }) => severity === "warning");
  return { issues, warnings, errors: issues.length - warnings };
}

function summarize(
  { settings }: Checked,
  { errors, warnings }: Omit<ReturnType<typeof countIssues>, "issues">,
): string {
  const warned = warnings === 0 ? "" : `, ${count(warnings, "warning")}`;
  if (settings === undefined) return `cannot be used: ${count(errors, "error")}${warned}`;
  const valid = `${count(settings.programs.size, "program")} valid`;
  if (errors === 0 && settings.faulty.size === 0) return `no errors${warned}; ${valid}`;
  const names = [...settings.faulty.keys()];
  const ignored = names.length === 0 ? "" : `; ignored: ${names.join(", ")}`;
  return `${count(errors, "error")}${warned}; ${valid}${ignored}`;
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

/** An issue, and the programs that it concerns. */
export type Told = ConfigIssue & { readonly programs: readonly string[] };

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
export function describeIssue({ place, severity, message, programs }: Told): object {
  const { file, line = null } = place;
  const [program = null] = programs;
  const more = programs.length > 1 ? { programs } : {};
  return { section: "Issue", severity, file, line, program, ...more, message };
}

/** `1 error`, `2 errors`. */
export function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
