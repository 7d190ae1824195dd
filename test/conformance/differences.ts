import { parseConfigobj } from "../../src/config/configobj/configobj.ts";
import { readValue } from "../../src/config/configobj/value.ts";
import type { ProgramSettings } from "../../src/config/settings.ts";
import type { ProgramsVector, RecordedError, RecordedProgram, TextVector } from "./vectors.ts";

/**
 * One thing that we do otherwise than 1.x, on purpose.
 *
 * A rule looks at what a vector holds, never at its name. Whatever no rule explains must be as recorded.
 */
export interface Difference {
  /** For docs/differences.md. */
  readonly title: string;
  readonly reason: string;
  /** 1.x refused the configuration for this error, and we do not. */
  forgives?(error: RecordedError, vector: ProgramsVector): boolean;
  /** The same, for a single text. */
  forgivesText?(vector: TextVector): boolean;
  /** 1.x took the configuration, and we report this error. */
  refuses?(message: string, vector: ProgramsVector): boolean;
  /** Changes what was recorded of a program into what is wanted of ours. */
  adjust?(recorded: RecordedProgram, ours: ProgramSettings, vector: ProgramsVector): RecordedProgram;
}

const UNITS = /^(\d+|\d*\.\d+) ?(ms|s|m|min|h|d|[kKmMgGtT](i?[bB])?)$/;
const NEW_NAMES = ["Monitor", "max_restarts", "directory", "umask", "state_dir"];

/** All that is different, one row each. */
export const differences: readonly Difference[] = [
  {
    title: "Commas make a list only in email_alerts",
    reason: "every other option is a single text, and 1.x crashed on the lists that it made of them",
    forgives: ({ type, message }, vector) =>
      (!message.startsWith("Unknown conf") && /'list'|\['|\[\]/.test(message)) ||
      namesKeyWithComma(message, vector) ||
      (/^(Parse|ConfigObj)Error$/.test(type) && !hasFaults(vector)),
    forgivesText: ({ text, error }) => error?.type === "TypeError" && /=.*,/.test(text),
    adjust: (recorded, { env }) => {
      if (recorded.Env === null) return { ...recorded, Env: Object.fromEntries(env) };
      const texts = Object.entries(recorded.Env).map(([name, value]) => {
        const text = env.get(name) ?? "";
        return [name, isDeepEqual(readValue(text)?.list, value) ? text : value] as const;
      });
      return { ...recorded, Env: Object.fromEntries(texts) };
    },
  },
  {
    title: "yes, no, on and off are booleans too",
    reason: "people write them, and they cannot mean anything else",
    forgives: ({ message }) => /^Unknown value for config parameter \w+: (yes|no|on|off)\./.test(message),
  },
  {
    title: "Times and sizes may have a unit (90s, 10m, 200M)",
    reason: "five-digit seconds and seven-digit kB are hard to read",
    forgives: ({ message }) => UNITS.test(/ Got (.*)$/.exec(message)?.[1] ?? ""),
  },
  {
    title: "restart_delay may have a fraction (0.3)",
    reason: "it is as good as 300ms",
    forgives: ({ message }) => /parameter restart_delay\..* Got (\d+|\d*\.\d+)$/.test(message),
  },
  {
    title: "[[Monitor]] and max_restarts are accepted as well as [[Monitoring]] and maxrestarts",
    reason: "the README of 1.x has the former, its code the latter",
    forgives: ({ message }) => {
      const unknown = /^Unknown config options[^:]*: \[(.*)\]/.exec(message)?.[1];
      if (unknown === undefined) return false;
      return unknown.split(", ").every((name) => NEW_NAMES.includes(name.slice(1, -1)));
    },
  },
  {
    title: "sendmail_path may be auto or empty",
    reason: "so that a file can say what it leaves to usrsvc",
    forgives: ({ message }) => /^sendmail_path "(auto)?" does not exist/.test(message),
  },
  {
    title: "pidfile and stdout may be left out: state_dir/run/NAME.pid and state_dir/log/NAME.log",
    reason: "where the pid and the output are kept seldom matters",
    forgives: ({ message }, { files }) =>
      /^pidfile must be defined|does not define a value for stdout/.test(message) &&
      !Object.values(files).some((text) => /^pidfile *= *[^/\s$]/m.test(text)),
  },
  {
    title: "Missing folders of pidfiles and logs are created below HOME and state_dir; a program with other missing folders is set aside, and can still be stopped",
    reason: "1.x refused all commands if a log folder was missing, and did not notice a missing pidfile folder",
    refuses: (message) => /^(pidfile|stdout|stderr|directory): the folder /.test(message),
  },
  {
    title: "Names of programs are unique in all files, and none is called all",
    reason: "in 1.x a later file won silently, and `stop all` could not mean a program",
    refuses: (message) =>
      /^\[Program:.*\] already exists/.test(message) || message.startsWith('the name "all"'),
  },
  {
    title: "[[Env]] holds no sections",
    reason: "1.x accepted them, and every start then failed",
    refuses: (message) => message.startsWith("unknown section [[["),
  },
  {
    title: "config_dir is the name of a folder, not a pattern, and must exist",
    reason: "1.x treated [ and * in it as a pattern, and a misspelt folder as an empty one",
    refuses: (message) => message.startsWith("config_dir: the folder "),
  },
  {
    title: "All paths in [Main] must be absolute",
    reason: "a relative one depends on the folder in which the daemon was started",
    refuses: (message) => /^(pidfile|sendmail_path): .* is not an absolute path/.test(message),
  },
  {
    title: "Some regular expressions of Python's cannot be used: (?(1)a|b) and \\N{NAME}",
    reason: "JavaScript has no equivalent; the error says what to write instead",
    refuses: (message) => /^proctitle_re: .*(is not supported|JavaScript|cannot ignore case)/s.test(message),
  },
  {
    title: "Numbers beyond 2^53 - 1 are reduced to 2^53 - 1",
    reason: "JavaScript counts no further, and no program starts that often",
    adjust: (recorded) => holdNumbers(recorded),
  },
  {
    title: "Without proctitle_re the command line must be the command, not only end with it",
    reason: "1.x mistook `tail -f /path/app.sh` for the service /path/app.sh, and stopped it",
    adjust: (recorded, { match }) => {
      if (match.kind !== "command") return recorded;
      const { proctitle_matches: _, proctitle_re: pattern, ...others } = recorded;
      return isShellSyntax(recorded) ? others : { ...others, proctitle_re: pattern };
    },
  },
  {
    title: "With useshell any simple command of the line may be the process, the last one first",
    reason: "1.x looked for everything after the last &&, and found nothing after a ;, a pipe or exec",
    adjust: (recorded, { match }) => {
      if (match.kind !== "command" || !isShellSyntax(recorded)) return recorded;
      const { proctitle_re: _, ...others } = recorded;
      return others;
    },
  },
];

/** Our times are ms, and our sizes bytes. */
function holdNumbers(recorded: RecordedProgram): RecordedProgram {
  const hold = (settings: object): [string, unknown][] =>
    Object.entries(settings).map(([key, value]: [string, unknown]) => {
      const scale = /_(seconds|delay|after|limit)/.test(key) ? 1000 : 1;
      const unit = key === "rss_limit" ? 1024 : scale;
      return [key, typeof value === "number" ? Math.min(value, MAX / unit) : value];
    });
  const monitor = Object.fromEntries(hold(recorded["Monitoring"] ?? {}));
  return Object.fromEntries([...hold(recorded), ["Monitoring", monitor]]) as RecordedProgram;
}

const MAX = Number.MAX_SAFE_INTEGER;

/** Whether 1.x's pattern, made of what follows the last &&, holds more than the words of a program. */
function isShellSyntax({ useshell, proctitle_re: pattern = "" }: RecordedProgram): boolean {
  return useshell && (!/^\([\w ./:@%+,\\-]*\)\$$/.test(pattern) || /^\((exec|cd)\b/.test(pattern));
}

/** Whether the message is about a key that has a comma in its value. */
function namesKeyWithComma(message: string, { files }: ProgramsVector): boolean {
  const key = /\b(pidfile|stdout|stderr|config_dir|activityfile|sendmail_path)\b/.exec(message)?.[1];
  if (key === undefined) return false;
  return Object.values(files).some((text) => new RegExp(`^\\s*${key}\\s*=.*,`, "m").test(text));
}

/** Whether there is more to complain of than lists. */
function hasFaults({ files }: ProgramsVector): boolean {
  return Object.values(files).some((text) => parseConfigobj(text).faults.length > 0);
}

function isDeepEqual(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
