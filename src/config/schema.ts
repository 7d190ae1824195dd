import { translatePythonRegex } from "./python-regex/python-regex.ts";
import type { Ways } from "./python-regex/ways.ts";
import * as values from "./values.ts";
import type { RawValue, Reading } from "./values.ts";

/** One key of the configuration. */
export interface Setting<T> {
  readonly section: "Main" | "Program" | "Monitor";
  /** Other spellings that are taken as well. */
  readonly aliases: readonly string[];
  read(raw: RawValue): Reading<T>;
  /** What holds where the key is not set. */
  readonly fallback: T;
  /** The same, as documentation shows it. */
  readonly shownDefault: string;
  /** The unit of a number without one; "" for all that has none. */
  readonly unit: string;
  readonly help: string;
}

/** The text that `proctitle_re` holds and the expression that it means; undefined where it is empty. */
export type Title =
  { readonly source: string; readonly regex: RegExp; readonly ways: Ways } | undefined;

/** Keys of `[Main]`. */
export const mainSchema = {
  config_dir: setting("Main", values.readOptionalPath, undefined, {
    help: "folder of further *.cfg files, read in the order of their names",
  }),
  pidfile: setting("Main", values.readOptionalPath, undefined, {
    shown: "$HOME/<uid>_usrsvcd.pid",
    help: "pidfile of usrsvcd",
  }),
  usrsvcd_stdout: setting("Main", values.readOptionalPath, undefined, {
    shown: "standard output",
    help: "log file of usrsvcd",
  }),
  usrsvcd_stderr: setting("Main", values.readErrorPath, undefined, {
    shown: "as usrsvcd_stdout",
    help: "file for the warnings and errors of usrsvcd, or stdout",
  }),
  usrsvcd_log_mode: setting("Main", values.readFileMode, 0o600, {
    shown: "0600",
    unit: "octal",
    help: "who may read the log of usrsvcd: 0600 you alone, 0640 its group as well",
  }),
  sendmail_path: setting("Main", values.readAutoPath, undefined, {
    shown: "auto",
    help: "the sendmail program; auto: looked for where machines have it, then on PATH",
  }),
  smtp_url: setting("Main", values.readSmtpUrl, undefined, {
    shown: "none",
    help: "mail server in place of sendmail, as smtp://user:password@host:587 or smtps://…",
  }),
  alert_interval: setting("Main", values.readWholeSeconds, 60_000, {
    shown: "60",
    unit: "seconds",
    help: "at most one mail a program within this time; further events are gathered",
  }),
  state_dir: setting("Main", values.readOptionalPath, undefined, {
    shown: "$HOME/.local/state/usrsvc",
    help: "folder for locks and records, mode 0700",
  }),
  subreaper: setting("Main", values.readAutoBoolean, undefined, {
    shown: "auto",
    help: "adopt what loses its parent, to know how it ends: yes, no; auto: yes on Linux before 6.15",
  }),
} as const;

/** Keys of `[Program:NAME]` and `[DefaultSettings:NAME]`. */
export const programSchema = {
  command: setting("Program", values.readText, "", {
    shown: "required",
    help: "what to run: program and arguments, or a shell line with useshell",
  }),
  pidfile: setting("Program", values.readOptionalPath, undefined, {
    shown: "state_dir/run/NAME.pid",
    help: "absolute path of the file that holds the process id",
  }),
  stdout: setting("Program", values.readOptionalPath, undefined, {
    shown: "state_dir/log/NAME.log",
    help: "absolute path of the file to which output is appended",
  }),
  stderr: setting("Program", values.readErrorPath, undefined, {
    shown: "stdout",
    help: "absolute path of the file for error output, or stdout for the same file",
  }),
  enabled: flag(true, "False: never started, not monitored, and skipped by `all`"),
  autopid: flag(true, "True: usrsvc writes the pidfile; False: the program does"),
  useshell: flag(false, "run command by /bin/sh -c"),
  proctitle_re: setting<Title>("Program", readTitle, undefined, {
    shown: "the command",
    help: "regular expression (Python's syntax) that finds the process by its command line",
  }),
  scan_for_process: flag(true, "look through all own processes when the pidfile does not help"),
  autostart: flag(true, "usrsvcd starts the program when usrsvcd starts"),
  autorestart: flag(true, "usrsvcd starts the program again when it has ended"),
  maxrestarts: setting("Program", values.readWholeNumber, 0, {
    shown: "0",
    aliases: ["max_restarts"],
    help: "give up after so many failed starts in a row; 0: never",
  }),
  restart_delay: setting("Program", values.readWholeSeconds, 0, {
    shown: "0",
    unit: "seconds",
    help: "pause between a failed start and the next try",
  }),
  success_seconds: setting("Program", values.readSeconds, 2000, {
    shown: "2",
    unit: "seconds",
    help: "a start has succeeded when the program has lived for so long",
  }),
  term_to_kill_seconds: setting("Program", values.readSeconds, 8000, {
    shown: "8",
    unit: "seconds",
    help: "pause between SIGTERM and SIGKILL",
  }),
  email_alerts: setting<readonly string[]>("Program", values.readAddresses, [], {
    shown: "nobody",
    help: "addresses that get mail when something happens, with commas between them",
  }),
  defaults: setting("Program", readName, undefined, {
    shown: "none",
    help: "name of the [DefaultSettings:NAME] that holds what is not set here",
  }),
  inherit_env: flag(true, "pass on the environment of usrsvc or usrsvcd; [[Env]] adds to it"),
  directory: setting("Program", values.readOptionalPath, undefined, {
    shown: "$HOME",
    help: "working directory of the program",
  }),
  umask: setting("Program", values.readUmask, undefined, {
    shown: "that of the caller",
    unit: "octal",
    help: "file mode mask of the program",
  }),
} as const;

/** Keys of `[[Monitor]]`, also spelt `[[Monitoring]]`. */
export const monitorSchema = {
  monitor_after: setting("Monitor", values.readWholeSeconds, 30_000, {
    shown: "30",
    unit: "seconds",
    help: "no check before the process has this age",
  }),
  activityfile: setting("Monitor", values.readOptionalPath, undefined, {
    shown: "none",
    help: "absolute path of a file or folder that the program must keep touching",
  }),
  activityfile_limit: setting("Monitor", values.readWholeSeconds, 120_000, {
    shown: "120",
    unit: "seconds",
    help: "restart the program when activityfile was not touched for so long",
  }),
  rss_limit: setting("Monitor", values.readSize, 0, {
    shown: "0",
    unit: "kB",
    help: "restart the program when its private memory is larger; 0: no limit",
  }),
} as const;

/** All keys, section by section. */
export const schemas = {
  Main: mainSchema,
  Program: programSchema,
  Monitor: monitorSchema,
} as const;

/** A table of settings by key. */
export type Schema = Readonly<Record<string, Setting<unknown>>>;

/** What the keys of a table are read as. */
export type Values<S extends Schema> = {
  readonly [K in keyof S]: S[K] extends Setting<infer T> ? T : never;
};

/** A table of settings, prepared for being looked into many times. */
export interface Table<S extends Schema> {
  readonly schema: S;
  /** From each spelling to the key. */
  readonly spellings: ReadonlyMap<string, string>;
  readonly fallbacks: Values<S>;
}

/** Prepares `schema`. */
export function tabulate<S extends Schema>(schema: S): Table<S> {
  const rows = Object.entries(schema);
  const spellings = new Map(
    rows.flatMap(([key, { aliases }]) => [key, ...aliases].map((name) => [name, key])),
  );
  const fallbacks = Object.fromEntries(rows.map(([key, { fallback }]) => [key, fallback]));
  return { schema, spellings, fallbacks: fallbacks as Values<S> };
}

interface Details {
  readonly help: string;
  readonly shown?: string;
  readonly unit?: string;
  readonly aliases?: readonly string[];
}

function setting<T>(
  section: Setting<T>["section"],
  read: (raw: RawValue) => Reading<T>,
  fallback: T,
  { help, shown = "none", unit = "", aliases = [] }: Details,
): Setting<T> {
  return { section, aliases, read, fallback, shownDefault: shown, unit, help };
}

function flag(fallback: boolean, help: string): Setting<boolean> {
  const shown = fallback ? "True" : "False";
  return setting("Program", values.readBoolean, fallback, { shown, help });
}

function readTitle({ text, written = text }: RawValue): Reading<Title> {
  if (text === "") return { value: undefined };
  const translated = translatePythonRegex(text);
  if ("regex" in translated) return { value: { source: text, ...translated } };
  const shown = written.length > 200 ? `${written.slice(0, 200)}…` : written;
  return { problem: `${JSON.stringify(shown)} is no regular expression: ${translated.problem}` };
}

function readName({ text }: RawValue): Reading<string | undefined> {
  if (text !== "") return { value: text };
  return { problem: "is empty; name a [DefaultSettings:NAME], or leave the line out" };
}
