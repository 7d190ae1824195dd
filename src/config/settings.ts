import type { ConfigIssue, Place } from "./issue.ts";
import type { mainSchema, monitorKeys, monitorSchema, programSchema } from "./schema.ts";
import type { Fields } from "./setting.ts";

export type { Check, ReadyWhen } from "./check.ts";
export type { Dependency } from "./dependency.ts";
export type { CommandText } from "./command-text.ts";
export type { MatchRule } from "./match-rule.ts";
export type { Overlap, ProgramType } from "./job-values.ts";
export type { Autorestart, StopLasts } from "./restart-values.ts";

/** `[Main]` of usrsvc.cfg, by the fields of the schema, defaults resolved. All paths are absolute. */
export interface MainSettings extends Fields<typeof mainSchema> {}

/** `[[Monitor]]`: when a running program must be restarted. */
export interface MonitorSettings extends Fields<typeof monitorSchema> {}

/** A monitor is called as the key of `[[Monitor]]` that switches it on. */
export type MonitorKey = (typeof monitorKeys)[number];

/**
 * One `[Program:NAME]`, by the fields of the schema, its defaults resolved and all values converted: times
 * in ms, sizes in bytes, paths absolute. The other fields follow from several rows.
 */
export interface ProgramSettings extends Fields<typeof programSchema> {
  readonly name: string;
  /** The program of which it is one of several `instances`. */
  readonly instanceOf: string | undefined;
  /** Where the section begins. */
  readonly place: Place;
  /** What is executed: the words of `command`, or `["/bin/sh", "-c", command]` with `useshell`. */
  readonly argv: readonly string[];
  /** `[[Env]]`; a map, since `__proto__` and `constructor` are legal names. */
  readonly env: ReadonlyMap<string, string>;
  readonly monitor: MonitorSettings;
}

/** What a command of a program gets from its settings. */
export type CommandSettings = Pick<
  ProgramSettings,
  "name" | "env" | "inheritEnv" | "directory" | "useshell" | "stderr"
>;

/** The settings by which a program is ended: of a faulty one, those that are known. */
export type StopSettings = Pick<ProgramSettings, "termToKillMs"> & Partial<ProgramSettings>;

/** A program whose section has errors: it cannot be started, but may be running. */
export interface FaultyProgram {
  readonly name: string;
  readonly instanceOf: string | undefined;
  readonly place: Place;
  /** What could be read, so that `status` and `stop` work as far as they can. */
  readonly known: Partial<ProgramSettings>;
}

/** What a load of the configuration yields. */
export interface Settings {
  readonly main: MainSettings;
  /** In the order of the files (main file first, then by name) and of the sections. */
  readonly programs: ReadonlyMap<string, ProgramSettings>;
  /** Programs that are ignored because their sections have errors. */
  readonly faulty: ReadonlyMap<string, FaultyProgram>;
  /**
   * Errors that concern single programs, or one file of `config_dir` (then without a program), and
   * warnings. Errors of `[Main]` and of the main file (syntax, permissions, missing) do not appear here:
   * they are thrown as ConfigError.
   */
  readonly issues: readonly ConfigIssue[];
}

/**
 * How a program of ours is configured in another main file. "here": that has one of the name in our state
 * folder; "apart": in a state folder of its own, so our record of it was copied; "none": it has none.
 */
export type Standing = "here" | "apart" | "none";
