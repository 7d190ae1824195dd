import { realpathSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { hostname } from "node:os";
import { type Draft, type Note, ProgramDraft } from "../draft.ts";
import type { Names } from "../names.ts";
import { expand, formatsOf, padding } from "./expand.ts";
import { globFiles } from "../../../lib/glob-files.ts";
import { type IniFile, type IniSection, parseIni } from "./ini.ts";
import { type Around, translate } from "./program.ts";

/** Reads a text file; throws what Node throws. */
export type ReadText = (path: string) => string;

/** Translates a file of supervisor, with those that it includes. */
export function importSupervisor(text: string, file: string, names: Names, read: ReadText): Draft {
  const notes: Note[] = [];
  const main = parseIni(text, file);
  const files = [main, ...included(main, file, notes, read)];
  const sections = files.flatMap((one) => [...one.sections.values()]);
  for (const { source, text: line } of files.flatMap((one) => one.strange)) {
    notes.push({ source, key: line, value: "", why: "not a line that supervisor knows" });
  }
  const groups = new Map<string, string>();
  for (const { name, entries } of sections) {
    if (!name.startsWith("group:")) continue;
    for (const program of entries.get("programs")?.value.split(",") ?? []) {
      groups.set(program.trim(), name.slice("group:".length));
    }
  }
  const supervisord = sections.find(({ name }) => name === "supervisord");
  const programs = sections.flatMap((section) => {
    const [, name] = /^(?:fcgi-)?program:(.+)$/.exec(section.name) ?? [];
    if (name !== undefined) return programsOf(section, name.trim(), { groups, supervisord, names });
    notes.push(...ofSection(section));
    return [];
  });
  return { from: "supervisor", programs, notes };
}

interface Context {
  readonly groups: ReadonlyMap<string, string>;
  readonly supervisord: IniSection | undefined;
  readonly names: Names;
}

/** More would be written out as instances, whatever their numbers say. */
const MOST_WRITTEN_OUT = 32;
/** Where the number may stand without meaning anything to the program. */
const LOGS = ["stdout_logfile", "stderr_logfile"];

/**
 * One program, which may have instances. They are counted from 1 here: where supervisor's numbers mean something to
 * the program and cannot be had so, each is a program of its own, by the name that it has there.
 */
function programsOf(section: IniSection, name: string, context: Context): readonly ProgramDraft[] {
  const { groups, supervisord, names } = context;
  const whole = (key: string, byDefault: number): number => {
    const text = section.entries.get(key)?.value ?? "";
    return /^\d{1,4}$/.test(text) ? Number(text) : byDefault;
  };
  const [numprocs, first] = [whole("numprocs", 1), whole("numprocs_start", 0)];
  const around = {
    supervisord,
    host: hostname(),
    program: name,
    group: groups.get(name) ?? name,
    numprocs,
  };
  const one = (title: string, number: Around["number"]): ProgramDraft => {
    const draft = new ProgramDraft(names.take(title), section.source);
    translate(draft, section, { ...around, number });
    return draft;
  };
  if (numprocs <= 1) return [one(name, first)];
  const instances = section.entries.get("numprocs")?.source ?? section.source;
  const used = [...section.entries.values()].filter(
    ({ key, value }) => key !== "process_name" && formatsOf(value, "process_num").length > 0,
  );
  const formats = used.flatMap(({ value }) => formatsOf(value, "process_num"));
  const isExact = first === 1 && formats.every((format) => padding(format, numprocs) !== undefined);
  const isOnlyLogs = used.every(({ key }) => LOGS.includes(key));
  if (!isExact && !isOnlyLogs && numprocs <= MOST_WRITTEN_OUT) {
    const title = section.entries.get("process_name")?.value ?? "";
    return Array.from({ length: numprocs }, (_, index) => {
      const number = first + index;
      const own = title.includes("process_num")
        ? expand(title, (key) =>
            key === "process_num" ? number : key === "program_name" ? name : undefined,
          )
        : `${name}_${number}`;
      const draft = one(own, number);
      if (index > 0) draft.notes.length = 0; // the same again
      return draft;
    });
  }
  const draft = one(name, { most: numprocs });
  draft.set("instances", numprocs, instances);
  if (used.length > 0 && !isExact) {
    const why = `instances are counted from 1, there from ${first}: see %(instance)s above`;
    draft.note(instances, "numprocs", String(numprocs), why);
  }
  return [draft];
}

/** What stands in the file and is no program. */
function ofSection({ name, source, entries }: IniSection): readonly Note[] {
  const [kind = ""] = name.split(":");
  const note = (why: string): readonly Note[] => [{ source, key: `[${name}]`, value: "", why }];
  switch (kind) {
    case "supervisord":
      return [...entries.values()].flatMap(({ key, value, source: at }) => {
        const why = OF_DAEMON[key];
        return why === undefined ? [] : [{ source: at, key, value, why }];
      });
    case "unix_http_server":
    case "inet_http_server":
    case "supervisorctl":
    case "rpcinterface":
    case "ctlplugin":
      return note("usrsvc reads files and needs no server; from afar: ssh host usrsvc status");
    case "group":
      return note("no groups: usrsvc takes patterns, such as usrsvc restart 'shop-*'");
    case "eventlistener":
      return note(
        "follow the log of usrsvcd (tail -F | jq), which has each event, or set email_alerts",
      );
    case "include":
      return [];
    default:
      return note("not a section of supervisor");
  }
}

const DEFAULT_LOG = "usrsvcd has a log of its own; usrsvcd_stdout in [Main] says where";
/** What is not here is translated, with the programs. */
const OF_DAEMON: Readonly<Record<string, string>> = {
  logfile: DEFAULT_LOG,
  logfile_maxbytes: "the log of usrsvcd is rolled at 10 MB, and five older ones are kept",
  logfile_backups: "the log of usrsvcd is rolled at 10 MB, and five older ones are kept",
  loglevel: "jq selects by level",
  pidfile: "usrsvcd has a pidfile of its own; pidfile in [Main] says where",
  nodaemon: "usrsvcd --foreground",
  minfds: "limit_nofile in a program",
  minprocs: "limit_nproc in a program",
  user: "usrsvcd runs as the account that starts it",
  nocleanup: "logs are kept",
  childlogdir: "logs are in state_dir, or where stdout says",
  strip_ansi: "output is written as it is",
  identifier: "usrsvc has nothing like it",
  silent: "usrsvcd --foreground writes its log to standard output",
};

function included(
  { sections }: IniFile,
  file: string,
  notes: Note[],
  read: ReadText,
): readonly IniFile[] {
  const entry = sections.get("include")?.entries.get("files");
  if (entry === undefined) return [];
  const here = dirname(resolve(file));
  const known: Readonly<Record<string, string>> = { here, host_node_name: hostname() };
  const value = expand(entry.value, (name) =>
    name.startsWith("ENV_") ? process.env[name.slice(4)] : known[name],
  );
  // Patterns overlap, and may fit this file itself: what was read twice is the same there, and not a second program.
  const seen = new Set([realpathOf(file)]);
  return value
    .split(/\s+/)
    .filter((pattern) => pattern !== "")
    .flatMap((pattern) => {
      const paths = globFiles(resolve(here, pattern));
      if (paths.length === 0) {
        notes.push({ ...entry, why: `no file here is called ${resolve(here, pattern)}` });
      }
      return paths.flatMap((path) => {
        const real = realpathOf(path);
        if (seen.has(real)) return [];
        seen.add(real);
        try {
          return [parseIni(read(path), path)];
        } catch (error) {
          notes.push({ ...entry, why: `${path} cannot be read: ${(error as Error).message}` });
          return [];
        }
      });
    });
}

/** Standard input, and what is not there, is itself. */
function realpathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}
