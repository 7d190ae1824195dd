import type { Ways } from "./python-regex/ways.ts";
import { lastShellCommand, listShellCommands } from "./shell/commands.ts";
import { translatePythonRegex } from "./python-regex/python-regex.ts";
import type { Unit } from "./setting.ts";
import type { RawValue, Reading } from "./values.ts";

/** How a process is recognised as a program by its command line. */
export type MatchRule =
  /** `proctitle_re` searches the command line, its words joined by blanks. */
  | {
      readonly kind: "title";
      readonly source: string;
      readonly regex: RegExp;
      /** How expensive it can become; undefined: unknown. */
      readonly ways?: Ways;
    }
  /**
   * The command line must be one of these (or what the kernel makes of it through `#!`).
   * Without `useshell` there is one (two for setsid); with it, one per simple command of the line, the last first.
   */
  | {
      readonly kind: "command";
      readonly candidates: readonly (readonly string[])[];
      /** Of a shell line, or of setsid: the command that finally does the work; undefined: what is launched does. */
      readonly main?: readonly string[] | undefined;
    };

/** A command, and what is executed of it. */
export interface CommandLine {
  readonly command: string;
  readonly words: readonly string[];
  readonly useshell: boolean;
}

/** The rule that recognises the process of a command without `proctitle_re`. */
export function matchCommand({ command, words, useshell }: CommandLine): MatchRule {
  const main = useshell ? lastShellCommand(command) : commandOfSession(words);
  const own = main === undefined ? [words] : [main, words];
  const candidates = useshell ? listShellCommands(command) : own;
  return { kind: "command", candidates, ...(main && { main }) };
}

/**
 * What setsid(1) executes. It does so in a session of its own, which nothing but these words leads to
 * when setsid itself is killed.
 */
function commandOfSession(words: readonly string[]): readonly string[] | undefined {
  if (!/^(.*\/)?setsid$/.test(words[0] ?? "")) return undefined;
  const begin = words.findIndex((word, index) => index > 0 && !word.startsWith("-"));
  return begin === -1 ? undefined : words.slice(begin);
}

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
