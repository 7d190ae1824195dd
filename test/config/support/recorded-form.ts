import type { ProgramSettings } from "../../../src/config/settings.ts";
import type { RecordedProgram } from "../../conformance/vectors.ts";

/** Our settings in the form in which those of 1.x were recorded: seconds, kB, and null for nothing. */
export function describeProgram(
  program: ProgramSettings,
  recorded: Omit<RecordedProgram, "proctitle_matches">,
): unknown {
  const { monitor, match, emailAlerts } = program;
  const all: Record<string, unknown> = {
    command: program.command,
    pidfile: program.pidfile,
    enabled: program.enabled,
    autostart: program.autostart,
    autorestart: program.autorestart,
    maxrestarts: program.maxrestarts,
    restart_delay: program.restartDelayMs / 1000,
    success_seconds: program.successMs / 1000,
    autopid: program.autopid,
    useshell: program.useshell,
    scan_for_process: program.scanForProcess,
    term_to_kill_seconds: program.termToKillMs / 1000,
    inherit_env: program.inheritEnv,
    defaults: program.defaults ?? null,
    stdout: program.stdout,
    stderr: program.stderr,
    email_alerts: sameForm(emailAlerts, recorded["email_alerts"]),
    Env: Object.fromEntries(program.env),
    Monitoring: {
      monitor_after: monitor.monitorAfterMs / 1000,
      activityfile: monitor.activityfile ?? "",
      activityfile_limit: monitor.activityfileLimitMs / 1000,
      rss_limit: monitor.rssLimitBytes / 1024,
    },
    proctitle_re: match.kind === "title" ? match.source : defaultPattern(match.candidates),
  };
  return Object.fromEntries(Object.keys(recorded).map((key) => [key, all[key]]));
}

/** 1.x had null, "", one address or a list. */
function sameForm(addresses: readonly string[], recorded: unknown): unknown {
  if (addresses.length === 0) return recorded === null || recorded === "" ? recorded : [];
  return typeof recorded === "string" ? addresses[0] : addresses;
}

/** The pattern that 1.x made of a command, if it has the words of our first candidate. */
function defaultPattern(candidates: readonly (readonly string[])[]): string {
  return `(${escapeRegex((candidates[0] ?? []).join(" "))})$`;
}

/** Python's `re.escape`. */
function escapeRegex(text: string): string {
  return text.replace(/[()[\]{}?*+\-|^$\\.&~# \t\n\r\v\f]/g, "\\$&");
}
