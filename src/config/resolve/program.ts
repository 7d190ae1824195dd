import { fileStem } from "../../lib/file-stem.ts";
import { isOwnFolder } from "../../lib/own-folder.ts";
import type { IssueList } from "../issue-list.ts";
import type { Place } from "../issue.ts";
import { type Layer, readLayer } from "./layer.ts";
import { resolveCommand } from "./command.ts";
import type { ProgramHost } from "./main.ts";
import { monitorSchema, programSchema, tabulate } from "../schema.ts";
import { type FoundValues, type PlacedSection, readValues } from "./section-reader.ts";
import type { MonitorSettings, ProgramSettings } from "../settings.ts";

/** All settings of a program, or what is known of one with errors. */
export type ResolvedProgram =
  { readonly settings: ProgramSettings } | { readonly known: Partial<ProgramSettings> };

const PROGRAM = tabulate(programSchema);
const MONITOR = tabulate(monitorSchema);

/** Gathers what stands in a section of a program, or in one of defaults. */
export function readSection(placed: PlacedSection, issues: IssueList): Layer {
  return readLayer(placed, PROGRAM, MONITOR, issues);
}

/** Puts `base`, the defaults, under the section of a program, and converts all values. */
export function resolveProgram(
  name: string,
  own: PlacedSection,
  base: Layer | undefined,
  host: ProgramHost,
  issues: IssueList,
): ResolvedProgram {
  const layer = readSection(own, issues);
  const place: Place = { file: own.file, line: own.section.line };
  const values = readValues(PROGRAM, layer.keys, base?.keys, issues);
  const whereIs = (key: string): Place => {
    const found = [layer.keys, base?.keys].find((keys) => keys?.values.has(key));
    return found ? { file: found.file, line: found.values.get(key)?.line } : place;
  };
  const file = (key: "pidfile" | "stdout"): string | undefined =>
    key in values ? (values[key] ?? defaultFile(key, name, host)) : undefined;
  const isLeftToProgram = "pidfile" in values && !values.pidfile && values.autopid === false;
  if (isLeftToProgram) issues.error(whereIs("pidfile"), MISSING_PIDFILE);
  const pidfile = isLeftToProgram ? undefined : file("pidfile");
  const stdout = file("stdout");
  const { command, argv, match } = resolveCommand(values, () => whereIs("command"), issues);
  const settings: Unsure<ProgramSettings> = {
    name,
    place,
    command,
    argv,
    useshell: values.useshell,
    match,
    pidfile,
    enabled: values.enabled,
    autopid: values.autopid,
    scanForProcess: values.scan_for_process,
    autostart: values.autostart,
    autorestart: values.autorestart,
    maxrestarts: values.maxrestarts,
    restartDelayMs: values.restart_delay,
    successMs: values.success_seconds,
    termToKillMs: values.term_to_kill_seconds,
    emailAlerts: values.email_alerts,
    stdout,
    stderr: readStderr(values.stderr, "stderr" in values, stdout),
    defaults: values.defaults,
    inheritEnv: values.inherit_env,
    env: merge(base?.env, layer.env),
    monitor: readMonitor(layer.monitor, base?.monitor, issues),
    directory: "directory" in values ? (values.directory ?? host.realHome) : undefined,
    umask: values.umask,
  };
  checkFolders(settings, whereIs, host, issues);
  host.advisor?.program(settings, whereIs, issues);
  return issues.hasErrors
    ? { known: dropUnknown(settings) }
    : { settings: settings as ProgramSettings };
}

/** Settings of which each may be missing. */
export type Unsure<T> = { readonly [K in keyof T]: T[K] | undefined };

const MISSING_PIDFILE =
  "pidfile: is missing; with autopid = False the program writes it: tell where, " +
  "as in pidfile = /home/me/run/server.pid";

/** Where the pid and the output of a program go that does not say it; program/state-dir.ts makes the folders. */
function defaultFile(key: "pidfile" | "stdout", name: string, { stateDir }: ProgramHost): string {
  const stem = fileStem(name);
  return key === "pidfile" ? `${stateDir}/run/${stem}.pid` : `${stateDir}/log/${stem}.log`;
}

function readStderr(
  stderr: string | undefined,
  isRead: boolean,
  stdout: string | undefined,
): string | undefined {
  if (stderr === undefined || stderr === "stdout") return isRead ? stdout : undefined;
  return stderr;
}

function readMonitor(
  own: FoundValues | undefined,
  base: FoundValues | undefined,
  issues: IssueList,
): MonitorSettings | undefined {
  const values = readValues(MONITOR, own, base, issues);
  const { monitor_after, activityfile, activityfile_limit, rss_limit } = values;
  if (monitor_after === undefined || activityfile_limit === undefined || rss_limit === undefined) {
    return undefined;
  }
  return {
    monitorAfterMs: monitor_after,
    activityfile,
    activityfileLimitMs: activityfile_limit,
    rssLimitBytes: rss_limit,
  };
}

/**
 * A program whose folders are missing cannot start, but can be found and stopped. Those of its files
 * that are ours are made when it starts.
 */
function checkFolders(
  { pidfile, stdout, stderr, directory }: Unsure<ProgramSettings>,
  whereIs: (key: string) => Place,
  host: ProgramHost,
  issues: IssueList,
): void {
  const check = (key: string, folder: string): void => {
    if (host.isFolder(folder) || (key !== "directory" && isMade(folder, host))) return;
    const problem = host.exists(folder) ? "is no folder" : "does not exist";
    const advice = "create it, or write another path";
    issues.error(
      whereIs(key),
      `${key}: the folder ${JSON.stringify(folder)} ${problem}; ${advice}`,
    );
  };
  if (pidfile !== undefined) check("pidfile", folderOf(pidfile));
  if (stdout !== undefined) check("stdout", folderOf(stdout));
  if (stderr !== undefined && stderr !== stdout) check("stderr", folderOf(stderr));
  if (directory !== undefined && directory !== host.realHome) check("directory", directory);
}

function isMade(folder: string, host: ProgramHost): boolean {
  if (!isOwnFolder(folder, host.home, host.stateDir)) return false;
  let at = folder;
  while (!host.exists(at)) {
    if (at === host.stateDir) return true;
    at = folderOf(at);
  }
  return host.isFolder(at);
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}

function merge(base: Layer["env"] | undefined, own: Layer["env"]): Layer["env"] {
  if (base === undefined || base.size === 0) return own;
  if (own.size === 0) return base;
  const env = new Map(base);
  for (const [name, value] of own) env.set(name, value);
  return env;
}

function dropUnknown(settings: Unsure<ProgramSettings>): Partial<ProgramSettings> {
  const known = Object.entries(settings).filter(([, value]) => value !== undefined);
  return Object.fromEntries(known) as Partial<ProgramSettings>;
}
