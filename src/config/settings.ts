import type { ConfigIssue, Place } from "./issue.ts";
import type { Ways } from "./python-regex/ways.ts";

/** `[Main]` of usrsvc.cfg, defaults resolved. All paths are absolute. */
export interface MainSettings {
  /** Folder of further `*.cfg` files. */
  readonly configDir: string | undefined;
  /** Pidfile of usrsvcd; `$HOME/<uid>_usrsvcd.pid` by default. */
  readonly pidfile: string;
  /** Log file of usrsvcd; undefined: standard output. */
  readonly usrsvcdStdout: string | undefined;
  /** File for usrsvcd's warnings and errors; undefined or `"stdout"`: with all the others. */
  readonly usrsvcdStderr: string | undefined;
  /** Mode of those two files. */
  readonly usrsvcdLogMode: number;
  /** The sendmail program; undefined: looked for where machines have it. */
  readonly sendmailPath: string | undefined;
  /** Mail server, as smtp://user:password@host:port; it takes the place of sendmail. A secret. */
  readonly smtpUrl: string | undefined;
  /** At most one mail a program within this time, in ms. */
  readonly alertIntervalMs: number;
  /** Folder for locks and records, mode 0700; `$HOME/.local/state/usrsvc` by default. */
  readonly stateDir: string;
  /** Whether usrsvcd is a child subreaper; undefined: where nothing else tells how processes ended. */
  readonly subreaper: boolean | undefined;
}

/** How a process is recognised as a program by its command line. */
export type MatchRule =
  /** `proctitle_re` searches the command line, its words joined by blanks. */
  | {
      readonly kind: "title";
      readonly source: string;
      readonly regex: RegExp;
      /** How dear it can become; undefined: nobody knows. */
      readonly ways?: Ways;
    }
  /**
   * The command line must be one of these (or what the kernel makes of it through `#!`).
   * Without `useshell` there is one (two for setsid); with it, one per simple command of the line, the last first.
   */
  | {
      readonly kind: "command";
      readonly candidates: readonly (readonly string[])[];
      /** Of a shell line, or of setsid: the command that does its work in the end; undefined: what is launched does. */
      readonly main?: readonly string[] | undefined;
    };

/** `[[Monitor]]`: when a running program is to be restarted. */
export interface MonitorSettings {
  /** No check before the process has this age, in ms. */
  readonly monitorAfterMs: number;
  /** A file or folder that the program must keep touching. */
  readonly activityfile: string | undefined;
  /** How long `activityfile` may stay untouched, in ms. */
  readonly activityfileLimitMs: number;
  /** Most private memory, in bytes; 0: no limit. */
  readonly rssLimitBytes: number;
}

/** One `[Program:NAME]`, its defaults resolved and all values converted. */
export interface ProgramSettings {
  readonly name: string;
  /** Where the section begins. */
  readonly place: Place;
  /** The command as written, a final `&` removed. */
  readonly command: string;
  /** What is executed: the words of `command`, or `["/bin/sh", "-c", command]` with `useshell`. */
  readonly argv: readonly string[];
  readonly useshell: boolean;
  readonly match: MatchRule;
  readonly pidfile: string;
  readonly enabled: boolean;
  /** True: usrsvc writes the pidfile. False: the program does, and usrsvc only reads it. */
  readonly autopid: boolean;
  /** Look through all own processes when the pidfile does not lead to the program. */
  readonly scanForProcess: boolean;
  readonly autostart: boolean;
  readonly autorestart: boolean;
  /** Give up after so many failed starts in a row; 0: never. */
  readonly maxrestarts: number;
  /** Pause between a failed start and the next try, in ms. */
  readonly restartDelayMs: number;
  /** A start has succeeded when the program lived for so long, in ms. */
  readonly successMs: number;
  /** From SIGTERM to SIGKILL, in ms. */
  readonly termToKillMs: number;
  /** Addresses that get mail. */
  readonly emailAlerts: readonly string[];
  /** Absolute path; opened by append. */
  readonly stdout: string;
  /** Absolute path; the same as `stdout` where not set. */
  readonly stderr: string;
  /** Name of the DefaultSettings section used. */
  readonly defaults: string | undefined;
  readonly inheritEnv: boolean;
  /** `[[Env]]`; a map, since `__proto__` and `constructor` are legal names. */
  readonly env: ReadonlyMap<string, string>;
  readonly monitor: MonitorSettings;
  /** Working directory; `$HOME` by default. */
  readonly directory: string;
  /** File mode mask of the program; undefined: that of the caller. */
  readonly umask: number | undefined;
}

/** A program whose section has errors: it cannot be started, but may be running. */
export interface FaultyProgram {
  readonly name: string;
  readonly place: Place;
  /** What could be read, so that `status` and `stop` work as far as they can. */
  readonly known: Partial<ProgramSettings>;
}

/** What a load of the configuration yields. */
export interface Settings {
  readonly main: MainSettings;
  /** In the order of the files (main file first, then by name) and of the sections. */
  readonly programs: ReadonlyMap<string, ProgramSettings>;
  /** Programs that are set aside since their sections have errors. */
  readonly faulty: ReadonlyMap<string, FaultyProgram>;
  /**
   * Errors that concern single programs, or one file of `config_dir` (then without a program), and
   * warnings. Errors of `[Main]` and of the main file (syntax, permissions, missing) do not get here:
   * they are thrown as ConfigError.
   */
  readonly issues: readonly ConfigIssue[];
}

/**
 * How a program of ours stands in another main configuration file. That has one of the name, "here" in the
 * state folder that is ours, or "apart" in one of its own: what our records say of it was copied. Or "none".
 */
export type Standing = "here" | "apart" | "none";
