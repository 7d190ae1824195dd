/**
 * Keys of other managers (supervisor, systemd, pm2, circus), and what to write here: the end of a
 * sentence. Only those that are not keys here.
 */
const ADVICE: ReadonlyMap<string, string> = new Map([
  ...same("success_seconds", "startsecs"),
  ...seconds("success_seconds", "min_uptime"),
  ...same(
    "term_to_kill_seconds",
    "stopwaitsecs",
    "TimeoutStopSec",
    "graceful_timeout",
    "stop_grace_period",
  ),
  ...seconds("term_to_kill_seconds", "kill_timeout"),
  ...same("start_timeout", "TimeoutStartSec"),
  ...seconds("start_timeout", "listen_timeout"),
  ...same("maxrestarts", "startretries", "max_retry", "StartLimitBurst"),
  ...same("restart_delay", "RestartSec"),
  ...note(
    "write restart_max_delay, in seconds: with maxrestarts = 0 the pauses grow up to it",
    "exp_backoff_restart_delay",
  ),
  ...same("max_age", "RuntimeMaxSec"),
  ...same("restart_at", "cron_restart"),
  ...same("schedule", "OnCalendar", "cron"),
  ...same("catch_up", "Persistent"),
  ...same("restart_max_delay", "RestartMaxDelaySec"),
  ...same("restart_window", "StartLimitIntervalSec", "StartLimitInterval"),
  ...same("stdout", "stdout_logfile", "StandardOutput", "log_file", "log"),
  ...same("stdout", "out_file", "output", "out_log"),
  ...same("stderr", "stderr_logfile", "StandardError", "error_file", "err_file", "err_log"),
  ...same("directory", "WorkingDirectory", "working_dir", "cwd", "chdir"),
  ...same("command", "cmd", "ExecStart", "exec", "script"),
  ...same("pidfile", "PIDFile", "pid_file", "pid"),
  ...same("umask", "UMask"),
  ...same("autorestart", "Restart", "restart"),
  ...same("rss_limit in [[Monitor]]", "max_memory_restart", "MemoryMax"),
  ...same("watchdog in [[Monitor]]", "WatchdogSec"),
  ...note(
    "variables go in a section [[Env]] below, one NAME = value per line",
    "environment",
    "Environment",
    "env",
  ),
  ...note("write PORT = … in a section [[Env]] below", "port"),
  ...note("write NAME = %(instance)s in a section [[Env]] below", "instance_var", "increment_var"),
  ...note("write inherit_env = False", "filter_env"),
  ...note(
    "leave it out, or write inherit_env = True: all variables are passed on",
    "PassEnvironment",
  ),
  ...note("write env_file = FILE: one file for each environment", "env_production"),
  ...note("leave it out: without stderr, errors go where stdout goes", "redirect_stderr"),
  ...note(
    "leave it out: programs run as the account that runs usrsvc",
    "user",
    "User",
    "DynamicUser",
    "group",
    "Group",
    "uid",
    "gid",
  ),
  ...same("instances", "numprocs"),
  ...note("leave it out: instances are called NAME:1, NAME:2 …", "numprocs_start", "process_name"),
  ...note("the name is that of the section, [Program:NAME]", "name"),
  ...same("nice", "Nice"),
  ...same("ionice", "IOSchedulingClass", "IOSchedulingPriority"),
  ...same("oom_score_adj", "OOMScoreAdjust"),
  ...same("cpu_affinity", "CPUAffinity"),
  ...same("limit_as", "LimitAS"),
  ...same("limit_core", "LimitCORE"),
  ...same("limit_cpu", "LimitCPU"),
  ...same("limit_data", "LimitDATA"),
  ...same("limit_fsize", "LimitFSIZE"),
  ...same("limit_memlock", "LimitMEMLOCK"),
  ...same("limit_msgqueue", "LimitMSGQUEUE"),
  ...same("limit_nice", "LimitNICE"),
  ...same("limit_nofile", "LimitNOFILE", "minfds"),
  ...same("limit_nproc", "LimitNPROC", "minprocs"),
  ...same("limit_rtprio", "LimitRTPRIO"),
  ...same("limit_rttime", "LimitRTTIME"),
  ...same("limit_sigpending", "LimitSIGPENDING"),
  ...same("limit_stack", "LimitSTACK"),
  ...same("env_file", "EnvironmentFile", "envfile"),
  ...note("write after = NAME in a program that starts after another", "priority"),
  ...same("after", "After"),
  ...note("write after = NAME in the other program", "Before"),
  ...note(
    "write needs = NAME (started and stopped with it) or after = NAME (only after it)",
    "depends_on",
    "dependsOn",
    "Requires",
    "BindsTo",
    "Wants",
  ),
  ...note(
    "write needs = NAME (stopped with it) or restart_with = NAME (restarted with it)",
    "PartOf",
  ),
  ...note(
    "write ready = notify, if it speaks sd_notify, or a check such as ready = tcp://127.0.0.1:8080",
    "wait_ready",
    "healthcheck",
  ),
  ...note(
    "write ready = notify for Type=notify, autopid = False for Type=forking; otherwise leave it out",
    "Type",
  ),
  ...note(
    "write stop = INT 10s, KILL: the signal, how long it waits, and what follows",
    "stopsignal",
    "KillSignal",
    "FinalKillSignal",
    "stop_signal",
  ),
  ...same("stop_group", "stopasgroup"),
  ...same("stop_command", "ExecStop"),
  ...note("write stop_command: a command that asks it to end", "shutdown_with_message"),
  ...same("before_start", "ExecStartPre"),
  ...same("after_start", "ExecStartPost"),
  ...same("after_exit", "ExecStopPost"),
  ...same("reload", "ExecReload", "ReloadSignal"),
  ...note(
    "leave it out: what is left of the session is always ended",
    "killasgroup",
    "stop_children",
    "treekill",
    "KillMode",
    "SendSIGKILL",
  ),
  ...same("success_exit", "exitcodes", "SuccessExitStatus", "stop_exit_codes"),
  ...same("success_exit", "RestartPreventExitStatus"),
  ...note(
    "write email_alerts = you@example.org: nothing else is done about a failure",
    "OnFailure",
  ),
  ...same("autostart", "WantedBy"),
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
    "watch",
    "ignore_watch",
    "watch_delay",
    "watch_options",
    "exec_mode",
    "log_date_format",
    "log_type",
    "time",
    "namespace",
    "RemainAfterExit",
    "Conflicts",
    "MemoryHigh",
    "CPUQuota",
    "TasksMax",
    "IOWeight",
    "ProtectSystem",
    "PrivateTmp",
    "deploy",
  ),
  ...note("leave it out: each instance may have the same stdout", "merge_logs", "combine_logs"),
  ...note("leave it out, or write a comment (# …)", "Description", "Documentation"),
  ...note("write the arguments after the program in command", "args"),
  ...note(
    "write it in front of the script in command: node --flag script.js",
    "interpreter",
    "exec_interpreter",
    "interpreter_args",
    "interpreterArgs",
    "node_args",
    "source_map_support",
  ),
  ...note("write useshell = True and command = FIRST && exec COMMAND", "ExecCondition"),
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
      return "there are no groups of programs: patterns such as 'shop-*' name several, needs and after order them";
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

/** Theirs is in milliseconds. */
function seconds(ours: string, ...theirs: readonly string[]): [string, string][] {
  return theirs.map((key) => [key, `here it is called ${ours}, in seconds`]);
}

function note(text: string, ...theirs: readonly string[]): [string, string][] {
  return theirs.map((key) => [key, text]);
}
