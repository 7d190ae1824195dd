import { localSecond } from "../../../lib/format.ts";
import { ExitCode } from "../../../exit-code.ts";
import { jsonLine } from "../../../lib/tame.ts";
import { type Change, needsRestart } from "../../../operations/changes/change.ts";
import {
  type Basis,
  type Compared,
  compareWith,
  type Known,
  knownToDaemon,
} from "../../../operations/changes/config-difference.ts";
import { check, type Checked } from "../../../operations/configuration.ts";
import type { DaemonResult } from "../../../operations/daemon/result.ts";
import { daemonSite, openSiteOf, withState } from "../../../operations/site.ts";
import type { Invocation } from "../../command.ts";
import { tellResult } from "../../daemon-result.ts";
import { keyName } from "../../key-name.ts";
import { describeChange, tellChanges } from "../../render-changes.ts";
import type { Screen } from "../../screen.ts";
import { count, countIssues, describeIssue, tellIssues } from "./checkconfig.ts";

/** `usrsvcd checkconfig --diff`: what a reread would change, and what of it a restart. */
export async function diffConfig({
  options: { json, config },
  screen,
}: Pick<Invocation, "options" | "screen">): Promise<ExitCode> {
  const { checked, known } = look(config);
  tellIssues(checked, screen);
  const { settings, path } = checked;
  const { issues, errors, warnings } = countIssues(checked);
  if (json) for (const issue of issues) screen.page(jsonLine(describeIssue(issue)));
  const facts = { config: path, errors, warnings };
  if (settings === undefined) {
    const message = `${path}: cannot be used: ${count(errors, "error")}${refused(known, false)}`;
    const code = ExitCode.invalidConfig;
    return tellResult(
      { action: "checkconfig", result: "unusable", code, message, facts },
      json,
      screen,
    );
  }
  using site = openSiteOf(withState(settings, known.daemon?.stateDir), config);
  const compared = await compareWith(known, site, settings);
  if (json) for (const one of compared.changes) screen.page(jsonLine(describeChange(one)));
  else tellCompared(compared, screen);
  const result = describeResult(compared, path, known, errors);
  const told = { ...result, facts: { ...facts, ...result.facts } };
  if (json || result.code !== ExitCode.failure) return tellResult(told, json, screen);
  // As diff(1) has it: a difference is a result, and no failure.
  tellResult({ ...told, code: ExitCode.ok }, json, screen);
  return result.code;
}

/** With the values that `%(ENV_NAME)s` has for usrsvcd, if one runs: its reread would find those. */
function look(config: string | undefined): { readonly checked: Checked; readonly known: Known } {
  const checked = check(config);
  using site = daemonSite(checked.stateDir, config);
  const known = knownToDaemon(site);
  const { daemon } = known;
  if (daemon === undefined) return { checked, known };
  try {
    const environ = site.host.proc.environ(daemon.process.pid);
    return { checked: check(config, { env: Object.fromEntries(environ) }), known };
  } catch {
    return { checked, known }; // gone in the meantime
  }
}

function tellCompared({ basis, changes }: Compared, screen: Screen): void {
  if (basis.kind === "processes") {
    const how = "compared with the settings that each running program was launched with";
    screen.result(`${basis.why}: ${how}`);
  } else if (changes.length > 0) {
    const at = localSecond(basis.at);
    screen.result(`compared with what usrsvcd, pid ${basis.pid}, has read at ${at}`);
  }
  tellChanges(changes, screen);
}

function describeResult(
  { basis, changes, older }: Compared,
  path: string,
  known: Known,
  errors: number,
): DaemonResult {
  const named = (kind: Change["change"]): readonly string[] =>
    changes.flatMap(({ change, program }) =>
      change === kind && program !== undefined ? [program] : [],
    );
  const restart = changes.filter(needsRestart).flatMap(({ program }) => program ?? []);
  const facts = {
    comparedWith: basis.kind,
    added: named("added"),
    removed: named("removed"),
    changed: named("changed"),
    renamed: named("renamed"),
    atRestart: [...restart, ...older.map(({ program }) => program)],
  };
  const notes = older.map(({ program, olderKeys }) => {
    const keys = olderKeys === undefined ? "" : ` (${olderKeys.map(keyName).join(", ")})`;
    return `${program} runs with older settings still${keys}: usrsvc restart --outdated ${program}`;
  });
  const base = { action: "checkconfig", facts, details: notes } as const;
  if (errors > 0) {
    const message = `${path}: ${count(errors, "error")}${refused(known, changes.length > 0)}`;
    return { ...base, result: "faulty", code: ExitCode.invalidConfig, message };
  }
  if (changes.length === 0) {
    const message = `${path}: no differences${same(basis)}`;
    return { ...base, result: "same", code: ExitCode.ok, message };
  }
  const message = `${path}: ${next(known, changes, restart)}`;
  return { ...base, result: "different", code: ExitCode.failure, message };
}

function same(basis: Basis): string {
  return basis.kind === "usrsvcd"
    ? `: usrsvcd, pid ${basis.pid}, has these settings`
    : "; what runs was launched with these settings, as far as that is on record";
}

function next({ daemon }: Known, changes: readonly Change[], restart: readonly string[]): string {
  const isMain = changes.some((one) => one.program === undefined && needsRestart(one));
  const commands = [
    ...(daemon === undefined ? [] : [isMain ? "usrsvcd restart" : "usrsvcd reread"]),
    ...(restart.length > 0 ? ["usrsvc restart --outdated"] : []),
  ];
  const todo = commands.length === 0 ? "" : `; to apply: ${commands.join(", then ")}`;
  return `${count(changes.length, "difference")}${todo}`;
}

/** A reread is all or nothing. */
function refused({ daemon }: Known, hasChanges: boolean): string {
  if (daemon === undefined) return "";
  const rest = hasChanges ? "; without the errors it would change what is above" : "";
  return `: a reread is refused, and usrsvcd keeps all settings that it has${rest}`;
}
