import type { ProgramSettings, Settings } from "../config/settings.ts";
import { MASK, maskWords, shownName } from "../lib/secrets.ts";

/**
 * The effective settings, defaults resolved, under the names that the configuration file has for
 * them: first `[Main]`, then one object a program. Times are in seconds, sizes in kB, as there. Values of
 * `[[Env]]` and passwords are masked unless they are asked for.
 */
export function describeSettings(
  { main, programs }: Settings,
  showsSecrets: boolean,
): readonly object[] {
  return [
    {
      section: "Main",
      config_dir: main.configDir ?? null,
      pidfile: main.pidfile,
      usrsvcd_stdout: main.usrsvcdStdout ?? null,
      usrsvcd_stderr: main.usrsvcdStderr ?? null,
      usrsvcd_log_mode: main.usrsvcdLogMode.toString(8).padStart(4, "0"),
      sendmail_path: main.sendmailPath ?? null,
      smtp_url: main.smtpUrl ?? null, // jsonLine masks it
      alert_interval: main.alertIntervalMs / 1000,
      state_dir: main.stateDir,
      subreaper: main.subreaper ?? "auto",
    },
    ...[...programs.values()].map((program) => describeProgram(program, showsSecrets)),
  ];
}

function describeProgram(program: ProgramSettings, showsSecrets: boolean): object {
  const { match, monitor, place } = program;
  const words = showsSecrets ? (all: readonly string[]) => all : maskWords;
  return {
    section: "Program",
    program: program.name,
    file: place.file,
    line: place.line,
    command: program.command,
    argv: words(program.argv),
    useshell: program.useshell,
    directory: program.directory,
    umask: program.umask === undefined ? null : program.umask.toString(8).padStart(4, "0"),
    pidfile: program.pidfile,
    autopid: program.autopid,
    scan_for_process: program.scanForProcess,
    proctitle_re: match.kind === "title" ? match.source : null,
    matches: match.kind === "command" ? match.candidates.map(words) : null,
    enabled: program.enabled,
    autostart: program.autostart,
    autorestart: program.autorestart,
    maxrestarts: program.maxrestarts,
    restart_delay: program.restartDelayMs / 1000,
    success_seconds: program.successMs / 1000,
    term_to_kill_seconds: program.termToKillMs / 1000,
    stdout: program.stdout,
    stderr: program.stderr,
    defaults: program.defaults ?? null,
    inherit_env: program.inheritEnv,
    email_alerts: program.emailAlerts,
    Env: showsSecrets ? Object.fromEntries(program.env) : maskEnv(program.env),
    Monitor: {
      monitor_after: monitor.monitorAfterMs / 1000,
      activityfile: monitor.activityfile ?? null,
      activityfile_limit: monitor.activityfileLimitMs / 1000,
      rss_limit: monitor.rssLimitBytes / 1024,
    },
  };
}

/** An odd name may hold a part of a value: `DB_URL: x://me:secret@h?a = b`. */
function maskEnv(env: ProgramSettings["env"]): object {
  return Object.fromEntries([...env.keys()].map((name) => [shownName(name), MASK]));
}
