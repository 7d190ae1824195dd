import { existsSync } from "node:fs";
import { ConfigError, type ConfigIssue, formatIssue } from "../config/issue.ts";
import { loadSettings } from "../config/load.ts";
import type { Settings } from "../config/settings.ts";
import { ExitCode } from "../exit-code.ts";
import { jsonLine } from "../tame.ts";
import { tellResult } from "./daemon-result.ts";
import { describeSettings } from "./effective.ts";
import { homeFolder } from "./home.ts";
import { machineFacts } from "./machine-facts.ts";
import type { Screen } from "./screen.ts";
import { configPath } from "./session.ts";

/** A configuration with all that is to be said of it. */
export interface Checked {
  readonly path: string;
  /** Undefined: it cannot be used at all. */
  readonly settings: Settings | undefined;
  readonly stateDir: string;
  readonly issues: readonly ConfigIssue[];
}

/** Loads the configuration, advice included. */
export function check(config: string | undefined): Checked {
  const path = configPath(config);
  const options = {
    path,
    home: homeFolder(),
    uid: process.getuid?.() ?? 0,
    advice: machineFacts(path),
  };
  try {
    const settings = loadSettings(options);
    return { path, settings, stateDir: settings.main.stateDir, issues: settings.issues };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { path, settings: undefined, stateDir: error.stateDir, issues: error.issues };
  }
}

/** `usrsvcd checkconfig`. */
export function checkConfig(
  { json, config }: { readonly json: boolean; readonly config: string | undefined },
  screen: Screen,
): ExitCode {
  const { path, settings, issues } = check(config);
  tellIssues(issues, screen);
  if (json) {
    const lines = [...(settings ? describeSettings(settings) : []), ...issues.map(describeIssue)];
    for (const line of lines) screen.result(jsonLine(line));
  }
  const { length: warnings } = issues.filter(({ severity }) => severity === "warning");
  const errors = issues.length - warnings;
  const programs = settings?.programs.size ?? 0;
  const setAside = [...(settings?.faulty.keys() ?? [])];
  const isRight = settings !== undefined && errors === 0 && setAside.length === 0;
  const warned = warnings === 0 ? "" : `, ${count(warnings, "warning")}`;
  const message = isRight
    ? `no errors${warned}, ${count(programs, "program")}`
    : settings === undefined
      ? `cannot be used: ${count(errors, "error")}${warned}`
      : `${count(errors, "error")}${warned}; ${count(programs, "program")} can be used` +
        (setAside.length === 0 ? "" : `; set aside: ${setAside.join(", ")}`);
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

/** Each issue once: what stands in defaults concerns many. */
export function tellIssues(issues: readonly ConfigIssue[], screen: Screen): void {
  for (const line of new Set(issues.map(formatIssue))) screen.complain(line);
  const hint = describeOtherHome(issues);
  if (hint !== undefined) screen.complain(hint);
}

/** An example that was not made one's own: its folders are in a home that this machine does not have. */
function describeOtherHome(issues: readonly ConfigIssue[]): string | undefined {
  const found = issues.flatMap(({ place, message }) => {
    const other = /(?<![\w/])\/home\/[^/"\s:]+/.exec(message)?.[0];
    return other === undefined ? [] : [{ other, file: place.file }];
  });
  const missing = found.find(({ other }) => !existsSync(other));
  if (missing === undefined) return undefined;
  const { other, file } = missing;
  const home = homeFolder();
  const copy = [`${home}/usrsvc.cfg`, `${home}/example.cfg`].find((path) => !existsSync(path));
  return (
    `There is no ${other} on this machine. If it stands for your own home in an example, make a copy ` +
    `with that in its place: sed 's|${other}|${home}|g' ${file} > ${copy ?? "a new file"}`
  );
}

function describeIssue({ place, severity, program, message }: ConfigIssue): object {
  const { file, line = null } = place;
  return { section: "Issue", severity, file, line, program: program ?? null, message };
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
