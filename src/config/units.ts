import type { Cron } from "../lib/cron.ts";
import { readReady, type ReadyWhen } from "./check.ts";
import { type Dependency, readDependencies, readProgramNames } from "./dependency.ts";
import { type CommandText, readCommandText, readHookTimeout } from "./command-text.ts";
import type { MatchRule } from "./match-rule.ts";
import { translatePythonRegex } from "./python-regex/python-regex.ts";
import type { Limit } from "./process-values.ts";
import * as jobValues from "./job-values.ts";
import * as processValues from "./process-values.ts";
import { readReload, type Reload, showReload } from "./reload.ts";
import * as restartValues from "./restart-values.ts";
import type { Unit } from "./setting.ts";
import { readStopSequence, showStopSequence, type SignalWait } from "./stop-sequence.ts";
import * as values from "./values.ts";
import type { RawValue, Reading } from "./values.ts";

/*
 * How values are written: each unit parses the text in a file, and prints the value as the file would
 * have it.
 */

type Optional = string | undefined;
const orNull = (text: Optional): string | null => text ?? null;
const itself = <T>(value: T): T => value;
const octal = (mode: number): string => mode.toString(8).padStart(4, "0");

/** Any text. */
export const text: Unit<string> = { name: "", parse: values.readText, print: itself };

/** The name of something else in the configuration. */
export const name: Unit<Optional> = { name: "", parse: readName, print: orNull };

/** Yes or no. */
export const flag: Unit<boolean> = { name: "", parse: values.readBoolean, print: itself };

/** Yes, no, or undefined: whatever suits the machine. */
export const autoFlag: Unit<boolean | undefined> = {
  name: "",
  parse: values.readAutoBoolean,
  print: (value) => value ?? "auto",
};

/** A count. */
export const wholeNumber: Unit<number> = { name: "", parse: values.readWholeNumber, print: itself };

const inSeconds = (ms: number): number => ms / 1000;

/** A time in ms, written in seconds and fractions of them. */
export const seconds: Unit<number> = {
  name: "seconds",
  parse: values.readSeconds,
  print: inSeconds,
};

/** A time in ms, written in whole seconds unless another unit is given. */
export const wholeSeconds: Unit<number> = {
  name: "seconds",
  parse: values.readWholeSeconds,
  print: inSeconds,
};

/** A size in bytes, written in kB. */
export const size: Unit<number> = {
  name: "kB",
  parse: values.readSize,
  print: (bytes) => bytes / 1024,
};

/** An absolute path. */
export const path: Unit<Optional> = pathUnit(values.readOptionalPath);

/** The path of a folder, no slash at its end; as in 1.x, `~/` is refused. */
export const folder: Unit<Optional> = { name: "", parse: values.readFolder, print: orNull };

/** The path of a program; undefined: looked for. */
export const autoPath: Unit<Optional> = pathUnit(values.readAutoPath);

/** The path for errors, or the word `stdout`. */
export const errorPath: Unit<Optional> = pathUnit(values.readErrorPath);

/** The same, where that word means what nothing means. */
export const ownErrorPath: Unit<Optional> = pathUnit(values.readOwnErrorPath);

/** The path of a file of variables. */
export const envFile: Unit<values.EnvFilePath | undefined> = {
  name: "",
  isPath: true,
  parse: values.readEnvFilePath,
  print: (file) => (file === undefined ? null : `${file.isOptional ? "-" : ""}${file.path}`),
};

function pathUnit(parse: Unit<Optional>["parse"]): Unit<Optional> {
  return { name: "", isPath: true, parse, print: orNull };
}

/** The URL of a mail server. */
export const smtpUrl: Unit<Optional> = { name: "", parse: values.readSmtpUrl, print: orNull };

/** The mode of a log. */
export const fileMode: Unit<number> = {
  name: "octal",
  parse: values.readFileMode,
  print: octal,
};

/** A file mode mask. */
export const umask: Unit<number | undefined> = {
  name: "octal",
  parse: values.readUmask,
  print: (mask) => (mask === undefined ? null : octal(mask)),
};

/** How many of a program run. */
export const instances: Unit<number | undefined> = {
  name: "",
  parse: processValues.wholeNumberIn(1, 1000),
  print: (value) => value ?? null,
};

/** A scheduling priority, nice(2). */
export const nice: Unit<number | undefined> = {
  name: "",
  parse: processValues.wholeNumberIn(-20, 19),
  print: (value) => value ?? null,
};

/** How ready the kernel is to end it when memory is short. */
export const oomScore: Unit<number | undefined> = {
  name: "",
  parse: processValues.wholeNumberIn(-1000, 1000),
  print: (value) => value ?? null,
};

/** Class and level of ioprio_set(2). */
export const ioPriority: Unit<number | undefined> = {
  name: "",
  parse: processValues.readIoPriority,
  print: (value) => (value === undefined ? null : processValues.showIoPriority(value)),
};

/** Numbers of CPUs. */
export const cpus: Unit<readonly number[] | undefined> = {
  name: "",
  parse: processValues.readCpus,
  print: (value) => (value === undefined ? null : processValues.showCpus(value)),
};

/** A limit of setrlimit(2) that counts something. */
export const countLimit: Unit<Limit | undefined> = limit(false, "");

/** One of bytes. */
export const byteLimit: Unit<Limit | undefined> = limit(true, "bytes");

function limit(inBytes: boolean, name: string): Unit<Limit | undefined> {
  return {
    name,
    parse: processValues.limitReader(inBytes),
    print: (value) => (value === undefined ? null : processValues.showLimit(value)),
  };
}

/** What makes a start a success; undefined: that the program has lived for a while. */
export const ready: Unit<ReadyWhen | undefined> = {
  name: "",
  parse: readReady,
  print: (check) => check?.text ?? "lived",
};

/** Programs and checks. */
export const dependencies: Unit<readonly Dependency[]> = {
  name: "",
  parse: readDependencies,
  print: (all) => all.map(({ text }) => text),
};

/** Names of programs. */
export const programNames: Unit<readonly string[]> = {
  name: "",
  parse: readProgramNames,
  print: itself,
};

/** Signals that end a program, with waits; undefined: the usual ones. */
export const stopSequence: Unit<readonly SignalWait[] | undefined> = {
  name: "",
  parse: readStopSequence,
  print: (steps) => (steps === undefined ? null : showStopSequence(steps)),
};

/** A command, whose first word may begin with `~/`. */
export const commandText: Unit<CommandText | undefined> = {
  name: "",
  isPath: true,
  parse: readCommandText,
  print: (command) => command?.text ?? null,
};

/** How long a hook may take, in ms. */
export const hookTimeout: Unit<number> = {
  name: "seconds",
  parse: readHookTimeout,
  print: inSeconds,
};

/** How a program is told to read its configuration again; undefined: not at all. */
export const reload: Unit<Reload | undefined> = {
  name: "",
  isPath: true,
  parse: readReload,
  print: (value) => (value === undefined ? null : showReload(value)),
};

/** Which ends are answered by a start. */
export const autorestart: Unit<restartValues.Autorestart> = {
  name: "",
  parse: restartValues.readAutorestart,
  print: itself,
};

/** The longest of the growing pauses. */
export const longestPause: Unit<number | undefined> = {
  name: "seconds",
  parse: restartValues.readLongestPause,
  print: (ms) => (ms === undefined ? null : inSeconds(ms)),
};

/** The age that a process reaches at most. */
export const maxAge: Unit<number> = {
  name: "seconds",
  parse: restartValues.readMaxAge,
  print: inSeconds,
};

/** Times, as a crontab has them. */
export const cron: Unit<Cron | undefined> = {
  name: "",
  parse: restartValues.readCron,
  print: (value) => value?.text ?? null,
};

/** Whether a program is to run on, or to end. */
export const programType: Unit<jobValues.ProgramType> = {
  name: "",
  parse: jobValues.readProgramType,
  print: itself,
};

/** What becomes of a job that is due while it runs. */
export const overlap: Unit<jobValues.Overlap> = {
  name: "",
  parse: jobValues.readOverlap,
  print: itself,
};

/** How long a job may take. */
export const jobTimeout: Unit<number> = {
  name: "seconds",
  parse: jobValues.readTimeout,
  print: inSeconds,
};

/** How long an operator's stop lasts. */
export const stopLasts: Unit<restartValues.StopLasts> = {
  name: "",
  parse: restartValues.readStopLasts,
  print: itself,
};

/** When what was given up is tried again. */
export const retry: Unit<number> = {
  name: "seconds",
  parse: restartValues.readRetry,
  print: inSeconds,
};

/** Exit codes and signals that are a success. */
export const successExit: Unit<restartValues.SuccessExit> = {
  name: "",
  parse: restartValues.readSuccessExit,
  print: (all) => all.join(", "),
};

/** Mail addresses. */
export const addresses: Unit<readonly string[]> = {
  name: "",
  parse: values.readAddresses,
  print: itself,
};

/** A regular expression as Python has them, searched for in a command line. */
export const title: Unit<MatchRule | undefined> = {
  name: "",
  parse: readTitle,
  print: (rule) => (rule?.kind === "title" ? rule.source : null),
};

function readTitle({ text, written = text }: RawValue): Reading<MatchRule | undefined> {
  if (text === "") return { value: undefined };
  const translated = translatePythonRegex(text);
  if ("regex" in translated) return { value: { kind: "title", source: text, ...translated } };
  const shown = written.length > 200 ? `${written.slice(0, 200)}…` : written;
  return {
    problem: `${JSON.stringify(shown)} is not a valid regular expression: ${translated.problem}`,
  };
}

function readName({ text }: RawValue): Reading<Optional> {
  if (text !== "") return { value: text };
  return { problem: "is empty; name a [DefaultSettings:NAME], or leave the line out" };
}
