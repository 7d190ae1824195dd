import { ready } from "./check.ts";
import { commandText, hookTimeout } from "./command-text.ts";
import { dependencies, programNames } from "./dependency.ts";
import * as jobs from "./job-values.ts";
import { type CommandLine, matchCommand, title } from "./match-rule.ts";
import * as processes from "./process-values.ts";
import { reload } from "./reload.ts";
import * as restarts from "./restart-values.ts";
import { type Schema, type Setting, setting } from "./setting.ts";
import { stopSequence } from "./stop-sequence.ts";
import * as units from "./units.ts";

/*
 * The one declaration of every setting. Its type and resolver, `checkconfig --json`, the digests of
 * state/digest.ts, what a reread compares, and the tables of the manual are loops over these rows.
 */

/** What defaults of `[Main]` follow from. */
export interface MainFacts {
  readonly realHome: string;
  readonly uid: number;
}

/** What defaults of a program follow from. */
export interface ProgramFacts {
  readonly realHome: string;
  /** Undefined where the command cannot be read. */
  readonly commandLine: CommandLine | undefined;
  /** The file that the program has below `state_dir`. */
  stateFile(folder: "run" | "log", ending: string): string;
}

/** Rows above that others follow from. */
interface SoFar {
  readonly stdout?: string | undefined;
}

/** Keys of `[Main]`. */
export const mainSchema = {
  config_dir: setting({
    field: "configDir",
    unit: units.folder,
    default: undefined,
    applies: "now",
    help: "folder of more *.cfg files, read in the order of their names",
  }),
  pidfile: setting({
    field: "pidfile",
    unit: units.path,
    default: ({ realHome, uid }: MainFacts) => `${realHome}/${uid}_usrsvcd.pid`,
    shown: "$HOME/<uid>_usrsvcd.pid",
    applies: "now",
    help: "pidfile of usrsvcd",
  }),
  usrsvcd_stdout: setting({
    field: "usrsvcdStdout",
    unit: units.path,
    default: undefined,
    shown: "standard output",
    applies: "now",
    help: "log file of usrsvcd",
  }),
  usrsvcd_stderr: setting({
    field: "usrsvcdStderr",
    unit: units.errorPath,
    default: undefined,
    shown: "same as usrsvcd_stdout",
    applies: "now",
    help: "file for the warnings and errors of usrsvcd, or stdout",
  }),
  usrsvcd_log_mode: setting({
    field: "usrsvcdLogMode",
    unit: units.fileMode,
    default: 0o600,
    applies: "now",
    help: "who can read the log of usrsvcd: 0600 only you, 0640 its group as well",
  }),
  sendmail_path: setting({
    field: "sendmailPath",
    unit: units.autoPath,
    default: undefined,
    shown: "auto",
    applies: "now",
    help: "the sendmail program; auto: searched for in the usual places, then on PATH",
  }),
  /** A secret. */
  smtp_url: setting({
    field: "smtpUrl",
    unit: units.smtpUrl,
    default: undefined,
    applies: "now",
    help: "mail server to use instead of sendmail, as smtp://user:password@host:587 or smtps://…",
  }),
  alert_interval: setting({
    field: "alertIntervalMs",
    unit: units.wholeSeconds,
    default: 60_000,
    applies: "now",
    help: "at most one mail per program in this time; more events are collected",
  }),
  state_dir: setting({
    field: "stateDir",
    unit: units.path,
    default: ({ realHome }: MainFacts) => defaultStateDir(realHome),
    shown: "$HOME/.local/state/usrsvc",
    applies: "restart",
    help: "folder for locks and records, mode 0700",
  }),
  subreaper: setting({
    field: "subreaper",
    unit: units.autoFlag,
    default: undefined,
    applies: "now",
    help: "adopt orphaned processes, to learn how they end: yes, no; auto: yes on Linux before 6.15",
  }),
  metrics_file: setting({
    field: "metricsFile",
    unit: units.path,
    default: undefined,
    shown: "none",
    applies: "now",
    help: "file in the text format of Prometheus that usrsvcd keeps up to date; see usrsvc metrics",
  }),
} as const;

/** Where state is kept unless `state_dir` says otherwise, and where all state folders of an account are listed. */
export function defaultStateDir(realHome: string): string {
  return `${realHome}/.local/state/usrsvc`;
}

/** Keys of `[Program:NAME]` and `[DefaultSettings:NAME]`. */
export const programSchema = {
  command: setting({
    field: "command",
    unit: units.text,
    default: "",
    shown: "required",
    applies: "restart",
    help: "what to run: program and arguments, or a shell line with useshell",
  }),
  pidfile: setting({
    field: "pidfile",
    unit: units.path,
    default: (facts: ProgramFacts) => facts.stateFile("run", "pid"),
    shown: "state_dir/run/NAME.pid",
    applies: "now",
    help: "absolute path of the file that holds the process id",
  }),
  stdout: setting({
    field: "stdout",
    unit: units.path,
    default: (facts: ProgramFacts) => facts.stateFile("log", "log"),
    shown: "state_dir/log/NAME.log",
    applies: "restart",
    help: "absolute path of the file that output is appended to",
  }),
  stderr: setting({
    field: "stderr",
    unit: units.ownErrorPath,
    default: (_facts: ProgramFacts, { stdout }: SoFar) => stdout,
    shown: "stdout",
    applies: "restart",
    help: "absolute path of the file for error output, or stdout for the same file",
  }),
  instances: setting({
    field: "instances",
    unit: processes.instances,
    default: undefined,
    shown: "one, without a number",
    applies: "now",
    help: "run so many, called NAME:1, NAME:2 …; %(instance)s is the number of each",
  }),
  enabled: setting({
    field: "enabled",
    unit: units.flag,
    default: true,
    applies: "now",
    help: "False: never started, not monitored, and skipped by `all`",
  }),
  autopid: setting({
    field: "autopid",
    unit: units.flag,
    default: true,
    applies: "now",
    help: "True: usrsvc writes the pidfile; False: the program does",
  }),
  useshell: setting({
    field: "useshell",
    unit: units.flag,
    default: false,
    applies: "restart",
    help: "run the command with /bin/sh -c",
  }),
  proctitle_re: setting({
    field: "match",
    unit: title,
    default: ({ commandLine }: ProgramFacts) => commandLine && matchCommand(commandLine),
    shown: "the command",
    applies: "now",
    help: "regular expression (Python's syntax) that finds the process by its command line",
  }),
  scan_for_process: setting({
    field: "scanForProcess",
    unit: units.flag,
    default: true,
    applies: "now",
    help: "search all processes of the account when the pidfile does not help",
  }),
  autostart: setting({
    field: "autostart",
    unit: units.flag,
    default: true,
    applies: "now",
    help: "usrsvcd starts the program when usrsvcd starts",
  }),
  autorestart: setting({
    field: "autorestart",
    unit: restarts.autorestart,
    default: true,
    applies: "now",
    help: "usrsvcd restarts the program when it has ended; on-failure: unless that was a success",
  }),
  success_exit: setting({
    field: "successExit",
    unit: restarts.successExit,
    default: [0],
    applies: "now",
    help: "exit codes and signals that are a success, as 0, 2, SIGTERM; for autorestart = on-failure",
  }),
  maxrestarts: setting({
    field: "maxrestarts",
    aliases: ["max_restarts"],
    unit: units.wholeNumber,
    default: 0,
    applies: "now",
    help: "give up after this many failed starts in a row; 0: never",
  }),
  restart_delay: setting({
    field: "restartDelayMs",
    unit: units.seconds,
    default: 0,
    applies: "now",
    help: "pause between a failed start and the next try",
  }),
  restart_max_delay: setting({
    field: "restartMaxDelayMs",
    unit: restarts.longestPause,
    default: undefined,
    shown: "60, or restart_delay if that is longer",
    applies: "now",
    help: "the growing pauses grow up to this; as long as restart_delay: they do not grow",
  }),
  restart_window: setting({
    field: "restartWindowMs",
    unit: units.seconds,
    default: 0,
    applies: "now",
    help: "all ends and failed starts within this time count for maxrestarts; 0: failed starts in a row",
  }),
  retry_after: setting({
    field: "retryAfterMs",
    unit: restarts.retry,
    default: 0,
    applies: "now",
    help: "a program that was given up is tried again after this time; 0: never",
  }),
  max_age: setting({
    field: "maxAgeMs",
    unit: restarts.maxAge,
    default: 0,
    applies: "now",
    help: "usrsvcd restarts the program before its process is older than this; 0: however old it is",
  }),
  restart_at: setting({
    field: "restartAt",
    unit: restarts.cron,
    default: undefined,
    applies: "now",
    help: "usrsvcd restarts the program at these times, as crontab has them: 0 4 * * * is 4 o'clock",
  }),
  type: setting({
    field: "type",
    unit: jobs.programType,
    default: "service",
    applies: "now",
    help: "service: runs until it is stopped; job: ends by itself, which is no failure if it ends well",
  }),
  schedule: setting({
    field: "schedule",
    unit: restarts.cron,
    default: undefined,
    applies: "now",
    help: "usrsvcd starts the job at these times, as crontab has them: 0 4 * * * is 4 o'clock",
  }),
  overlap: setting({
    field: "overlap",
    unit: jobs.overlap,
    default: "skip",
    applies: "now",
    help: "a job is due while it runs: skip leaves that time out, queue runs it after, kill ends it first",
  }),
  timeout: setting({
    field: "timeoutMs",
    unit: jobs.jobTimeout,
    default: 0,
    applies: "now",
    help: "a job that runs for longer is ended, and has failed; 0: however long it takes",
  }),
  catch_up: setting({
    field: "catchUp",
    unit: units.flag,
    default: false,
    applies: "now",
    help: "a job that was due while no usrsvcd ran is run once when one begins",
  }),
  success_seconds: setting({
    field: "successMs",
    unit: units.seconds,
    default: 2000,
    applies: "now",
    help: "a start has succeeded when the program has run for this long",
  }),
  ready: setting({
    field: "ready",
    unit: ready,
    default: undefined,
    applies: "now",
    help: "what makes a start a success: lived (success_seconds), notify (sd_notify) or a check (tcp://…)",
  }),
  start_timeout: setting({
    field: "startTimeoutMs",
    unit: units.seconds,
    default: 60_000,
    applies: "now",
    help: "with notify or a check as ready: a start has failed when it is not true by then",
  }),
  after: setting({
    field: "after",
    unit: dependencies,
    default: [],
    shown: "nothing",
    applies: "now",
    help: "starts when these are ready: programs, or checks such as tcp://10.0.0.5:5432",
  }),
  needs: setting({
    field: "needs",
    unit: programNames,
    default: [],
    shown: "nothing",
    applies: "now",
    help: "programs that it starts after, that are started with it, and before which it is stopped",
  }),
  restart_with: setting({
    field: "restartWith",
    unit: programNames,
    default: [],
    shown: "nothing",
    applies: "now",
    help: "programs that it starts after, and after whose restart it is restarted as well",
  }),
  term_to_kill_seconds: setting({
    field: "termToKillMs",
    unit: units.seconds,
    default: 8000,
    applies: "now",
    help: "time between SIGTERM and SIGKILL; also that of a signal of stop without a wait",
  }),
  stop: setting({
    field: "stop",
    unit: stopSequence,
    default: undefined,
    shown: "TERM term_to_kill_seconds, KILL",
    applies: "now",
    help: "signals that end the program, in this order, with waits: TERM 30s, INT 10s, KILL",
  }),
  stop_group: setting({
    field: "stopGroup",
    unit: units.flag,
    default: false,
    applies: "now",
    help: "True: each signal of stop goes to all of its session (group) at once, not to the program first",
  }),
  stop_descendants: setting({
    field: "stopDescendants",
    unit: units.flag,
    default: false,
    applies: "now",
    help: "True: what descends from it and has left its session and group is ended as well",
  }),
  stop_command: setting({
    field: "stopCommand",
    unit: commandText,
    default: undefined,
    applies: "now",
    help: "command that asks the program to end, before the signals; its time is the first wait of stop",
  }),
  reload: setting({
    field: "reload",
    unit: reload,
    default: undefined,
    applies: "now",
    help: "what `usrsvc reload` does: a signal such as HUP, or a command",
  }),
  before_start: setting({
    field: "beforeStart",
    unit: commandText,
    default: undefined,
    applies: "now",
    help: "command that is run before each start; the start fails if it does not exit with 0",
  }),
  after_start: setting({
    field: "afterStart",
    unit: commandText,
    default: undefined,
    applies: "now",
    help: "command that is run after each start that has succeeded",
  }),
  after_exit: setting({
    field: "afterExit",
    unit: commandText,
    default: undefined,
    applies: "now",
    help: "command that is run after each end of the process, before the next start",
  }),
  before_stop: setting({
    field: "beforeStop",
    unit: commandText,
    default: undefined,
    applies: "now",
    help: "command that is run before the program is told to end: before stop_command and the signals",
  }),
  hook_timeout: setting({
    field: "hookTimeoutMs",
    unit: hookTimeout,
    default: 30_000,
    applies: "now",
    help: "before_start, after_start, after_exit and before_stop are ended after this time",
  }),
  stop_lasts: setting({
    field: "stopLasts",
    unit: restarts.stopLasts,
    default: "boot",
    applies: "now",
    help: "usrsvc stop lasts until start, restart or the next boot; forever: beyond the boot",
  }),
  email_alerts: setting({
    field: "emailAlerts",
    unit: units.addresses,
    default: [],
    shown: "nobody",
    applies: "now",
    help: "mail addresses to notify when something happens, separated by commas",
  }),
  defaults: setting({
    field: "defaults",
    unit: units.name,
    default: undefined,
    applies: "now",
    help: "NAME of the [DefaultSettings:NAME] that provides what is not set here",
  }),
  inherit_env: setting({
    field: "inheritEnv",
    unit: units.flag,
    default: true,
    applies: "restart",
    help: "pass on the environment of usrsvc or usrsvcd; [[Env]] adds to it",
  }),
  directory: setting({
    field: "directory",
    unit: units.path,
    default: ({ realHome }: ProgramFacts) => realHome,
    shown: "$HOME",
    applies: "restart",
    help: "working directory of the program",
  }),
  umask: setting({
    field: "umask",
    unit: units.umask,
    default: undefined,
    shown: "that of the caller",
    applies: "restart",
    help: "file mode mask of the program",
  }),
  env_file: setting({
    field: "envFile",
    unit: units.envFile,
    default: undefined,
    applies: "restart",
    help: "file of variables, NAME=value a line; with a - before the path it may be missing",
  }),
  nice: setting({
    field: "nice",
    unit: processes.nice,
    default: undefined,
    shown: "that of usrsvc",
    applies: "restart",
    help: "scheduling priority, from -20 (first) to 19 (last); an ordinary account may only raise it",
  }),
  ionice: setting({
    field: "ionice",
    unit: processes.ioPriority,
    default: undefined,
    shown: "that of usrsvc",
    applies: "restart",
    help: "disk priority: idle, best-effort or realtime, with :0 (first) to :7 (last) where not idle",
  }),
  oom_score_adj: setting({
    field: "oomScoreAdj",
    unit: processes.oomScore,
    default: undefined,
    shown: "that of usrsvc",
    applies: "restart",
    help: "which process the kernel ends when memory is short: -1000 (never) to 1000 (first)",
  }),
  cpu_affinity: setting({
    field: "cpuAffinity",
    unit: processes.cpus,
    default: undefined,
    shown: "all",
    applies: "restart",
    help: "CPUs that it may use, as 0,2-3",
  }),
  limit_as: setting({
    field: "limitAs",
    unit: processes.byteLimit,
    default: undefined,
    shown: "that of usrsvc",
    applies: "restart",
    help: "soft or soft:hard limit (setrlimit): address space",
  }),
  limit_core: setting({
    field: "limitCore",
    unit: processes.byteLimit,
    default: undefined,
    shown: "that of usrsvc",
    applies: "restart",
    help: "soft or soft:hard limit (setrlimit): size of a core dump; 0: none is written",
  }),
  limit_cpu: setting({
    field: "limitCpu",
    unit: processes.countLimit,
    default: undefined,
    shown: "that of usrsvc",
    applies: "restart",
    help: "soft or soft:hard limit (setrlimit): seconds of CPU time",
  }),
  limit_data: setting({
    field: "limitData",
    unit: processes.byteLimit,
    default: undefined,
    shown: "that of usrsvc",
    applies: "restart",
    help: "soft or soft:hard limit (setrlimit): data segment",
  }),
  limit_fsize: setting({
    field: "limitFsize",
    unit: processes.byteLimit,
    default: undefined,
    shown: "that of usrsvc",
    applies: "restart",
    help: "soft or soft:hard limit (setrlimit): size of a file that it writes",
  }),
  limit_memlock: setting({
    field: "limitMemlock",
    unit: processes.byteLimit,
    default: undefined,
    shown: "that of usrsvc",
    applies: "restart",
    help: "soft or soft:hard limit (setrlimit): memory that is locked",
  }),
  limit_msgqueue: setting({
    field: "limitMsgqueue",
    unit: processes.byteLimit,
    default: undefined,
    shown: "that of usrsvc",
    applies: "restart",
    help: "soft or soft:hard limit (setrlimit): message queues of the account",
  }),
  limit_nice: setting({
    field: "limitNice",
    unit: processes.countLimit,
    default: undefined,
    shown: "that of usrsvc",
    applies: "restart",
    help: "soft or soft:hard limit (setrlimit): how far nice may be lowered: 20 minus this value",
  }),
  limit_nofile: setting({
    field: "limitNofile",
    unit: processes.countLimit,
    default: undefined,
    shown: "that of usrsvc",
    applies: "restart",
    help: "soft or soft:hard limit (setrlimit): open files",
  }),
  limit_nproc: setting({
    field: "limitNproc",
    unit: processes.countLimit,
    default: undefined,
    shown: "that of usrsvc",
    applies: "restart",
    help: "soft or soft:hard limit (setrlimit): processes and threads of the account",
  }),
  limit_rtprio: setting({
    field: "limitRtprio",
    unit: processes.countLimit,
    default: undefined,
    shown: "that of usrsvc",
    applies: "restart",
    help: "soft or soft:hard limit (setrlimit): real-time priority",
  }),
  limit_rttime: setting({
    field: "limitRttime",
    unit: processes.countLimit,
    default: undefined,
    shown: "that of usrsvc",
    applies: "restart",
    help: "soft or soft:hard limit (setrlimit): microseconds of real-time CPU between two waits",
  }),
  limit_sigpending: setting({
    field: "limitSigpending",
    unit: processes.countLimit,
    default: undefined,
    shown: "that of usrsvc",
    applies: "restart",
    help: "soft or soft:hard limit (setrlimit): signals that are queued",
  }),
  limit_stack: setting({
    field: "limitStack",
    unit: processes.byteLimit,
    default: undefined,
    shown: "that of usrsvc",
    applies: "restart",
    help: "soft or soft:hard limit (setrlimit): stack of a thread",
  }),
} as const;

/** The limits among them, by resource. */
export const limitFields = (Object.entries(programSchema) as [string, Setting][]).flatMap(
  ([key, row]) => (key.startsWith("limit_") ? [[key.slice("limit_".length), row] as const] : []),
) as readonly (readonly [Resource, { readonly field: LimitField }])[];

/** Resources of setrlimit(2) with a key of their own, in small letters. */
export type Resource = keyof typeof programSchema extends infer K
  ? K extends `limit_${infer R}`
    ? R
    : never
  : never;

type LimitField = (typeof programSchema)[`limit_${Resource}`]["field"];

/** Keys of `[[Monitor]]`, also spelt `[[Monitoring]]`. */
export const monitorSchema = {
  monitor_after: setting({
    field: "monitorAfterMs",
    unit: units.wholeSeconds,
    default: 30_000,
    applies: "now",
    help: "no check before the process has reached this age",
  }),
  activityfile: setting({
    field: "activityfile",
    unit: units.path,
    default: undefined,
    applies: "now",
    help: "absolute path of a file or folder that the program must keep touching",
  }),
  activityfile_limit: setting({
    field: "activityfileLimitMs",
    unit: units.wholeSeconds,
    default: 120_000,
    applies: "now",
    help: "restart the program when activityfile has not been touched for this long",
  }),
  watchdog: setting({
    field: "watchdogMs",
    unit: units.seconds,
    default: 0,
    applies: "restart",
    help: "restart the program when it has not said WATCHDOG=1 (sd_notify) for this long; 0: no limit",
  }),
  rss_limit: setting({
    field: "rssLimitBytes",
    unit: units.size,
    default: 0,
    applies: "now",
    help: "restart the program when its private memory is larger than this; 0: no limit",
  }),
} as const;

/** Those that switch a monitor on, which is called so. */
export const monitorKeys = [
  "rss_limit",
  "activityfile",
  "watchdog",
] as const satisfies readonly (keyof typeof monitorSchema)[];

/** All keys, section by section. */
export const schemas: Readonly<Record<"Main" | "Program" | "Monitor", Schema>> = {
  Main: mainSchema,
  Program: programSchema,
  Monitor: monitorSchema,
};
