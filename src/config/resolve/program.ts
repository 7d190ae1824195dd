import { fileStem } from "../../lib/file-stem.ts";
import { isOwnFolder } from "../../lib/own-folder.ts";
import type { IssueList } from "../issue-list.ts";
import type { Place } from "../issue.ts";
import { type Layer, readLayer } from "./layer.ts";
import type { WhereIs } from "./check-dependencies.ts";
import { argvOf, resolveCommand } from "./command.ts";
import { checkEnding } from "./ending.ts";
import { asJob, checkJob } from "./job.ts";
import type { ProgramHost } from "./main.ts";
import { monitorSchema, type ProgramFacts, programSchema } from "../schema.ts";
import { type PlacedSection, readFields, type Sources } from "./section-reader.ts";
import type { MonitorSettings, ProgramSettings } from "../settings.ts";
import { followDefaults, type ReadFields, tabulate, type Unsure } from "./table.ts";

/** All settings of a program, or what is known of one with errors. */
export type ResolvedProgram =
  | { readonly settings: ProgramSettings; readonly whereIs: WhereIs }
  | { readonly known: Partial<ProgramSettings> };

const PROGRAM = tabulate(programSchema);
const MONITOR = tabulate(monitorSchema);

/** Collects the content of a program's section, or of a section of defaults. */
export function readSection(placed: PlacedSection, issues: IssueList): Layer {
  return readLayer(placed, PROGRAM, MONITOR, issues);
}

/** Puts `base`, the defaults, under the section of a program, and converts all values. */
export function resolveProgram(
  name: string,
  instanceOf: string | undefined,
  own: PlacedSection,
  base: Layer | undefined,
  host: ProgramHost,
  issues: IssueList,
): ResolvedProgram {
  const layer = readSection(own, issues);
  const place: Place = { file: own.file, line: own.section.line };
  const whereIs: WhereIs = (key) => {
    const found = [layer.keys, base?.keys].find((keys) => keys?.values.has(key));
    return found ? { file: found.file, line: found.values.get(key)?.line } : place;
  };
  const read = checkPidfile(
    readFields(PROGRAM, { own: layer.keys, base: base?.keys, home: host.realHome }, issues),
    whereIs,
    issues,
  );
  const { command, line } = resolveCommand(
    read.fields,
    host.realHome,
    () => whereIs("command"),
    issues,
  );
  const { envFile } = read.fields;
  const fileEnv = envFile && host.envFile(envFile, whereIs("env_file"), issues);
  const facts: ProgramFacts = {
    realHome: host.realHome,
    commandLine: line,
    stateFile: (folder, ending) => `${host.stateDir}/${folder}/${fileStem(name)}.${ending}`,
  };
  const settings: Unsure<ProgramSettings> = {
    name,
    instanceOf,
    place,
    argv: line && argvOf(line),
    env: merge(fileEnv, merge(base?.env, layer.env)),
    monitor: readMonitor({ own: layer.monitor, base: base?.monitor, home: host.realHome }, issues),
    ...followDefaults(PROGRAM, read, facts),
    command,
  };
  const { match } = settings;
  if (match?.kind === "command" && match.candidates.length === 0)
    issues.warn(whereIs("command"), NO_CANDIDATE);
  checkFolders(settings, whereIs, host, issues);
  const isSet = (key: string): boolean =>
    [layer.keys, base?.keys].some((keys) => keys?.values.has(key) === true);
  checkJob(settings, isSet, whereIs, issues);
  checkEnding(settings, { own: layer.keys, base: base?.keys }, whereIs, issues);
  host.advisor?.program(settings, whereIs, issues);
  return issues.hasErrors
    ? { known: dropUnknown(settings) }
    : { settings: asJob(settings as ProgramSettings), whereIs };
}

type Read = ReadFields<typeof programSchema>;

/** The pidfile of a program that writes it must be named. */
function checkPidfile(read: Read, whereIs: (key: string) => Place, issues: IssueList): Read {
  const { fields, unread } = read;
  const isNamed = unread.has("pidfile") || fields.pidfile !== undefined;
  if (isNamed || fields.autopid !== false) return read;
  issues.error(whereIs("pidfile"), MISSING_PIDFILE);
  return { fields, unread: new Set([...unread, "pidfile"]) };
}

const MISSING_PIDFILE =
  "pidfile: is missing; with autopid = False the program writes it, so say where, " +
  "as in pidfile = /home/me/run/server.pid";

const NO_CANDIDATE =
  "command: only the shell knows which command line the process will have; set proctitle_re, " +
  "a regular expression that matches it, or the process will not be found";

/** Undefined where one of its values cannot be read. */
function readMonitor(sources: Sources, issues: IssueList): MonitorSettings | undefined {
  const read = readFields(MONITOR, sources, issues);
  return read.unread.size === 0
    ? (followDefaults(MONITOR, read, {}) as MonitorSettings)
    : undefined;
}

/**
 * A program whose folders are missing cannot start, but can be found and stopped. Those for its files
 * that are ours are created when it starts.
 */
function checkFolders(
  { pidfile, stdout, stderr, directory }: Unsure<ProgramSettings>,
  whereIs: (key: string) => Place,
  host: ProgramHost,
  issues: IssueList,
): void {
  const check = (key: string, folder: string): void => {
    if (host.isFolder(folder) || (key !== "directory" && isMade(folder, host))) return;
    const problem = host.exists(folder) ? "is not a folder" : "does not exist";
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
