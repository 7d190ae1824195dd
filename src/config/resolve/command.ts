import { trimBlanks } from "../configobj/blanks.ts";
import type { IssueList } from "../issue-list.ts";
import type { Place } from "../issue.ts";
import type { programSchema, Values } from "../schema.ts";
import type { MatchRule, ProgramSettings } from "../settings.ts";
import { lastShellCommand, listShellCommands } from "../shell/commands.ts";
import { splitWords } from "../shell/words.ts";

/** The settings that follow from `command`, `useshell` and `proctitle_re`, where they could be read. */
export type CommandSettings = {
  readonly [K in "command" | "argv" | "match"]: ProgramSettings[K] | undefined;
};

/** Splits the command, and finds by what its process is to be recognised. */
export function resolveCommand(
  values: Partial<Values<typeof programSchema>>,
  whereIs: () => Place,
  issues: IssueList,
): CommandSettings {
  const { useshell, proctitle_re: title } = values;
  const match: MatchRule | undefined = title && { kind: "title", ...title };
  const command = readCommand(values.command, whereIs, issues);
  if (command === undefined) return { command, argv: undefined, match };
  const split = splitWords(command);
  if ("problem" in split) {
    issues.error(whereIs(), `command: cannot be split into words: ${split.problem}`);
    return { command, argv: undefined, match };
  }
  if (useshell === undefined) return { command, argv: undefined, match };
  const argv = useshell ? ["/bin/sh", "-c", command] : split.words;
  if (match || !("proctitle_re" in values)) return { command, argv, match };
  const main = useshell ? lastShellCommand(command) : commandOfSession(split.words);
  const own = main === undefined ? [split.words] : [main, split.words];
  const candidates = useshell ? listShellCommands(command) : own;
  if (candidates.length === 0) issues.warn(whereIs(), NO_CANDIDATE);
  const rule = { kind: "command", candidates, ...(main && { main }) } as const;
  return { command, argv, match: rule };
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

const NO_CANDIDATE =
  "command: which words the process will have is known to the shell only; set proctitle_re, " +
  "a regular expression that finds its command line, or it will not be found";

/** The command without blanks around it and, as in 1.x, without one `&` at its end. */
function readCommand(
  text: string | undefined,
  whereIs: () => Place,
  issues: IssueList,
): string | undefined {
  if (text === undefined) return undefined;
  const written = trimBlanks(text);
  const command = written.endsWith("&") ? written.slice(0, -1) : written;
  if (trimBlanks(command) === "") {
    issues.error(whereIs(), MISSING);
    return undefined;
  }
  if (command !== written) {
    issues.warn(
      whereIs(),
      "command: the & at its end is dropped; programs run in the background anyway",
    );
  }
  return command;
}

const MISSING =
  "command: is missing; write what to run, as in command = /home/me/bin/server --port 80";
