/**
 * Keys of other managers (supervisor, systemd, pm2, circus), and what to write here: the end of a
 * sentence. Only those that are not keys here.
 */
const ADVICE: ReadonlyMap<string, string> = new Map([
  ...same("success_seconds", "startsecs", "min_uptime"),
  ...same(
    "term_to_kill_seconds",
    "stopwaitsecs",
    "TimeoutStopSec",
    "kill_timeout",
    "graceful_timeout",
  ),
  ...same("maxrestarts", "startretries", "max_retry"),
  ...same("restart_delay", "RestartSec"),
  ...same("max_age", "RuntimeMaxSec"),
  ...same("restart_at", "cron_restart"),
  ...same("schedule", "OnCalendar", "cron"),
  ...same("catch_up", "Persistent"),
  ...same("restart_max_delay", "RestartMaxDelaySec"),
  ...same("restart_window", "StartLimitIntervalSec", "StartLimitInterval"),
  ...same("stdout", "stdout_logfile", "StandardOutput", "out_file", "log_file"),
  ...same("stderr", "stderr_logfile", "StandardError", "error_file"),
  ...same("directory", "WorkingDirectory", "working_dir", "cwd", "chdir"),
  ...same("command", "cmd", "ExecStart", "exec", "script"),
  ...same("pidfile", "PIDFile", "pid_file"),
  ...same("umask", "UMask"),
  ...same("autorestart", "Restart"),
  ...same("rss_limit in [[Monitor]]", "max_memory_restart"),
  ...note(
    "variables go in a section [[Env]] below, one NAME = value per line",
    "environment",
    "Environment",
    "env",
  ),
  ...note("leave it out: without stderr, errors go where stdout goes", "redirect_stderr"),
  ...note(
    "leave it out: programs run as the account that runs usrsvc",
    "user",
    "User",
    "group",
    "Group",
    "uid",
    "gid",
  ),
  ...same("instances", "numprocs"),
  ...note("leave it out: instances are called NAME:1, NAME:2 …", "numprocs_start", "process_name"),
  ...same("nice", "Nice"),
  ...same("ionice", "IOSchedulingClass"),
  ...same("oom_score_adj", "OOMScoreAdjust"),
  ...same("cpu_affinity", "CPUAffinity"),
  ...same("limit_nofile", "LimitNOFILE", "minfds"),
  ...same("limit_nproc", "LimitNPROC", "minprocs"),
  ...same("limit_core", "LimitCORE"),
  ...same("limit_as", "LimitAS"),
  ...same("limit_memlock", "LimitMEMLOCK"),
  ...same("limit_stack", "LimitSTACK"),
  ...same("env_file", "EnvironmentFile", "envfile"),
  ...note("leave it out: programs are started in the order of the file", "priority"),
  ...note(
    "write stop = INT 10s, KILL: the signal, how long it waits, and what follows",
    "stopsignal",
    "KillSignal",
    "stop_signal",
  ),
  ...same("stop_group", "stopasgroup"),
  ...same("stop_command", "ExecStop"),
  ...same("reload", "ExecReload", "ReloadSignal"),
  ...note(
    "leave it out: what is left of the session is always ended",
    "killasgroup",
    "stop_children",
    "KillMode",
  ),
  ...same("success_exit", "exitcodes", "SuccessExitStatus", "stop_exit_codes"),
  ...note(
    "leave it out: logrotate can rotate the file (contrib/logrotate.conf)",
    "stdout_logfile_maxbytes",
    "stdout_logfile_backups",
    "stderr_logfile_maxbytes",
    "stderr_logfile_backups",
  ),
  ...note(
    "leave it out: usrsvc has nothing like it",
    "stdout_capture_maxbytes",
    "stdout_events_enabled",
    "stdout_syslog",
    "stderr_capture_maxbytes",
    "stderr_events_enabled",
    "stderr_syslog",
    "serverurl",
    "Type",
  ),
  ...note("write the arguments after the program in command", "args"),
]);

/** What to write in place of a key of another manager; undefined for one that none has. */
export function adviseForeignKey(key: string): string | undefined {
  return ADVICE.get(key);
}

/** Why a section of supervisor's file is not needed here. */
export function adviseForeignSection(name: string): string | undefined {
  const [kind = name] = name.split(":");
  switch (kind) {
    case "supervisord":
    case "supervisorctl":
    case "unix_http_server":
    case "inet_http_server":
    case "rpcinterface":
      return "it belongs to supervisor; leave it out";
    case "include":
      return "write config_dir = FOLDER in [Main]";
    case "group":
      return "there are no groups of programs";
    case "eventlistener":
    case "fcgi-program":
      return "usrsvc has nothing like it";
    default:
      return undefined;
  }
}

function same(ours: string, ...theirs: readonly string[]): [string, string][] {
  return theirs.map((key) => [key, `here it is called ${ours}`]);
}

function note(text: string, ...theirs: readonly string[]): [string, string][] {
  return theirs.map((key) => [key, text]);
}
