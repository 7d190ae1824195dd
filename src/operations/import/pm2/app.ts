import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { parseCron } from "../../../lib/cron.ts";
import { homeFolder } from "../../../lib/home.ts";
import { isOurAccount, otherAccount } from "../account.ts";
import { NOTHING } from "../advice.ts";
import type { ProgramDraft, Source } from "../draft.ts";
import { commandOf, literal, timeOf } from "../value-text.ts";
import { commandWords } from "./args.ts";
import { readCron, readMs, readSize, readVariable, textOf } from "./values.ts";

/** An app, and what is known around it. */
export interface App {
  readonly draft: ProgramDraft;
  readonly app: Readonly<Record<string, unknown>>;
  /** The folder of the file. */
  readonly here: string;
  /** Of `--env`. */
  readonly environment: string | undefined;
  readonly sourceOf: (key: string) => Source;
}

/** Keys with nothing here, and what to do instead. */
const NONE: Readonly<Record<string, string>> = {
  watch: "node --watch in command, while you develop",
  ignore_watch: "it goes with watch",
  watch_delay: "it goes with watch",
  watch_options: "it goes with watch",
  log_date_format: "output is written as it is",
  time: "output is written as it is",
  log_type: "output is written as it is",
  namespace: "a common beginning of names, and usrsvc restart 'shop-*'",
  gid: "programs run with the groups of the account that runs usrsvc",
  shutdown_with_message: "there is no channel to the program: stop_command asks it to end",
  instance_var: "write NAME = %(instance)s in [[Env]]",
  post_update: "whatever deploys ends with usrsvc restart",
  name_prefix: "write it in the name",
  install_url: NOTHING,
  trace: NOTHING,
  io: NOTHING,
};
/** Nothing is lost with these. */
const SILENT = new Set(
  `name script exec cmd command args interpreter exec_interpreter interpreter_args interpreterArgs node_args cwd env
  instances exec_mode merge_logs combine_logs force vizion automation pmx windowsHide kill_retry_time username write
  execute_command disable_source_map_support append_env_to_name disable_trace deep_monitoring v8 event_loop_inspector
  listen_timeout wait_ready min_uptime max_restarts restart_delay exp_backoff_restart_delay kill_timeout autorestart
  stop_exit_codes cron_restart cron max_memory_restart out_file out output out_log error_file error err err_file err_log
  log_file log disable_logs pid_file pid source_map_support port increment_var filter_env autostart treekill uid user
  env_file version description`.split(/\s+/),
);

/** Puts the settings of an app into its draft. */
export function translateApp(one: App): void {
  const { draft, app, here, sourceOf } = one;
  const cwd =
    typeof app["cwd"] === "string"
      ? resolve(here, app["cwd"].replace(/^~(?=\/|$)/, homeFolder()))
      : here;
  const note = (key: string, why: string, value = app[key]): void =>
    draft.note(sourceOf(key), key, textOf(value), why);
  const command = commandWords(app, cwd);
  const extra = app["source_map_support"] === true && command.isNode && command.words[0] !== "bash";
  const [first = "", ...rest] = command.words;
  const words = extra ? [first, "--enable-source-maps", ...rest] : command.words;
  draft.set("command", commandOf(words), sourceOf("script"));
  if (command.guess !== undefined) note("script", command.guess);
  draft.set("directory", literal(cwd), sourceOf("cwd"));
  setEnv(one, command.isPython);
  const instances = setInstances(one, command.isNode, note);
  setLogs(one, cwd, instances, note);
  setRestarts(one, note);
  setStop(one);
  const limit = readSize(app["max_memory_restart"]);
  if (limit !== undefined) draft.watch("rss_limit", limit, sourceOf("max_memory_restart"));
  if (app["wait_ready"] === true) {
    note(
      "wait_ready",
      "process.send('ready') is not heard: ready = tcp://127.0.0.1:8080, or another check",
    );
    if (app["listen_timeout"] !== undefined) note("listen_timeout", "start_timeout, with ready");
  }
  const user = app["uid"] ?? app["user"];
  if (user !== undefined && !isOurAccount(textOf(user))) {
    note("uid" in app ? "uid" : "user", otherAccount(textOf(user)));
  }
  for (const [key, value] of Object.entries(app)) {
    const isUnset = value === undefined || value === null || value === false || value === "";
    if (SILENT.has(key) || key.startsWith("env_") || isUnset) continue;
    note(key, NONE[key] ?? `not a key that pm2 or usrsvc knows`);
  }
}

function setEnv({ draft, app, environment, sourceOf }: App, isPython: boolean): void {
  const set = (name: string, value: unknown, source: Source): void => {
    const text = readVariable(value);
    if (text !== undefined) draft.setVariable(name, literal(text), source);
  };
  if (isPython) set("PYTHONUNBUFFERED", "1", sourceOf("interpreter"));
  const layers = ["env", ...(environment === undefined ? [] : [`env_${environment}`])];
  for (const key of layers) {
    for (const [name, value] of Object.entries(app[key] ?? {})) set(name, value, sourceOf(name));
  }
  if (app["port"] !== undefined) set("PORT", app["port"], sourceOf("port"));
  if (typeof app["env_file"] === "string")
    draft.set("env_file", literal(app["env_file"]), sourceOf("env_file"));
  if (environment !== undefined && app[`env_${environment}`] === undefined) {
    draft.note(sourceOf("env"), `env_${environment}`, "", "the app has none: only env counts");
  }
  for (const key of Object.keys(app)) {
    if (!key.startsWith("env_") || key === "env_file" || layers.includes(key)) continue;
    const name = key.slice("env_".length);
    draft.note(sourceOf(key), key, "", `another environment: usrsvc import --env ${name}`);
  }
  if (app["filter_env"] === true) draft.set("inherit_env", "False", sourceOf("filter_env"));
  else if (app["filter_env"] !== undefined && app["filter_env"] !== false) {
    draft.note(sourceOf("filter_env"), "filter_env", "", "all or nothing: inherit_env = False");
  }
}

type Tell = (key: string, why: string, value?: unknown) => void;

/** How many there are; a cluster is translated as one process. */
function setInstances({ draft, app, sourceOf }: App, isNode: boolean, note: Tell): number {
  const { instances } = app;
  const wanted =
    instances === "max" || instances === 0 || instances === "0"
      ? availableParallelism()
      : Number(instances);
  const count = wanted < 0 ? Math.max(1, availableParallelism() + wanted) : wanted;
  const mode = textOf(app["exec_mode"] ?? "");
  const isCluster =
    mode.startsWith("cluster") || (mode === "" && instances !== undefined && isNode);
  if (isCluster && count > 1) {
    const why =
      "no cluster mode: one process, as instances would each need a port of their own. With ports " +
      `(PORT = 808%(instance)s) and a proxy before them: instances = ${count}; or use Node's cluster in the program`;
    note("instances", why);
    return 1;
  }
  if (app["increment_var"] !== undefined) {
    note(
      "increment_var",
      `write ${textOf(app["increment_var"])} = …%(instance)s in [[Env]]; it begins with 1`,
    );
  }
  if (!(count > 1)) return 1;
  draft.set("instances", count, sourceOf("instances"));
  if (typeof instances !== "number") note("instances", `${count} on this machine`, instances);
  const name = textOf(app["instance_var"] ?? "NODE_APP_INSTANCE");
  draft.setVariable(name, "%(instance)s", sourceOf("instances"));
  note("instances", `${name} counts from 1, not from 0`, instances);
  return count;
}

function setLogs({ draft, app, sourceOf }: App, cwd: string, instances: number, note: Tell): void {
  const first = (...keys: readonly string[]): string | undefined =>
    keys.find((key) => typeof app[key] === "string" && app[key] !== "");
  const isMerged = app["merge_logs"] === true || app["combine_logs"] === true;
  const path = (key: string): string => {
    const text = textOf(app[key]);
    if (/^(null|\/dev\/null)$/i.test(text)) return "/dev/null";
    const whole = literal(resolve(cwd, text.replace(/^~(?=\/)/, homeFolder())));
    return instances > 1 && !isMerged ? whole.replace(/(\.[^./]*)?$/, "-%(instance)s$1") : whole;
  };
  const [out, err, both] = [
    first("out_file", "out", "output", "out_log"),
    first("error_file", "error", "err", "err_file", "err_log"),
    first("log_file", "log"),
  ];
  if (app["disable_logs"] === true) draft.set("stdout", "/dev/null", sourceOf("disable_logs"));
  else if (out !== undefined) draft.set("stdout", path(out), sourceOf(out));
  else if (both !== undefined) draft.set("stdout", path(both), sourceOf(both));
  if (err !== undefined && path(err) !== draft.keys.get("stdout")?.text)
    draft.set("stderr", path(err), sourceOf(err));
  if (both !== undefined && out !== undefined)
    note(both, "output goes to one file: stdout, or stderr");
  const pid = first("pid_file", "pid");
  if (pid !== undefined) {
    const text = literal(resolve(cwd, textOf(app[pid])));
    draft.set(
      "pidfile",
      instances > 1 ? text.replace(/(\.[^./]*)?$/, "-%(instance)s$1") : text,
      sourceOf(pid),
    );
  }
}

function setRestarts({ draft, app, sourceOf }: App, note: Tell): void {
  const schedule = app["cron_restart"] ?? app["cron"];
  const key = "cron_restart" in app ? "cron_restart" : "cron";
  const isOn =
    schedule !== undefined &&
    schedule !== null &&
    schedule !== false &&
    !/^0?$/.test(textOf(schedule));
  const cron = isOn ? readCron(schedule) : undefined;
  if (isOn && (cron === undefined || "problem" in parseCron(cron)))
    note(key, "not five or six fields as crontab has them", schedule);
  const isLeft = app["autorestart"] === false;
  if (cron !== undefined && isLeft) {
    // What pm2 starts anew by the clock and leaves alone otherwise is a job.
    draft.set("type", "job", sourceOf(key));
    draft.set("schedule", cron, sourceOf(key));
    note(key, "a job; pm2 runs it once at its own start as well: usrsvc start NAME does", schedule);
  } else if (isLeft) draft.set("autorestart", "False", sourceOf("autorestart"));
  else if (cron !== undefined) draft.set("restart_at", cron, sourceOf(key));
  const codes = app["stop_exit_codes"];
  if (codes !== undefined && !isLeft) {
    const all = (Array.isArray(codes) ? codes : [codes]).map(textOf);
    draft.set("autorestart", "on-failure", sourceOf("stop_exit_codes"));
    draft.set("success_exit", all.join(", "), sourceOf("stop_exit_codes"));
  }
  if (app["autostart"] === false) draft.set("autostart", "False", sourceOf("autostart"));
  const isJob = draft.keys.has("schedule");
  const ms = (theirs: string, ours: string): void => {
    const value = readMs(app[theirs]);
    if (value !== undefined) draft.set(ours, timeOf(value), sourceOf(theirs));
    else if (app[theirs] !== undefined) note(theirs, "not a time that is understood here");
  };
  if (!isJob) ms("min_uptime", "success_seconds");
  ms("restart_delay", "restart_delay");
  const most = Number(app["max_restarts"]);
  if (most > 0) draft.set("maxrestarts", most, sourceOf("max_restarts"));
  const growing = readMs(app["exp_backoff_restart_delay"]);
  if (growing !== undefined && growing > 0) {
    const source = sourceOf("exp_backoff_restart_delay");
    draft.set("restart_delay", timeOf(growing), source);
    draft.set("restart_max_delay", 15, source);
    if (most > 0) {
      draft.keys.delete("maxrestarts");
      note(
        "max_restarts",
        "with it the pauses would not grow, which exp_backoff_restart_delay asks for: left out",
      );
    }
  }
}

function setStop({ draft, app, sourceOf }: App): void {
  const ms = readMs(app["kill_timeout"]);
  const wait = ms === undefined ? "" : ` ${timeOf(ms).replace(/^\d+$/, "$&s")}`;
  draft.set("stop", `INT${wait}, KILL`, sourceOf("kill_timeout"));
}
