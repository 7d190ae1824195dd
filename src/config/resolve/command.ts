import { trimBlanks } from "../configobj/blanks.ts";
import type { IssueList } from "../issue-list.ts";
import type { Place } from "../issue.ts";
import type { CommandLine } from "../match-rule.ts";
import type { ProgramSettings } from "../settings.ts";
import { splitWords } from "../shell/words.ts";
import type { Unsure } from "./table.ts";

/** What could be read of a command. */
export interface ResolvedCommand {
  readonly command: string | undefined;
  /** Undefined where it is not known what is executed. */
  readonly line: CommandLine | undefined;
}

/** Parses the command. */
export function resolveCommand(
  { command: text, useshell }: Unsure<Pick<ProgramSettings, "command" | "useshell">>,
  home: string,
  whereIs: () => Place,
  issues: IssueList,
): ResolvedCommand {
  const read = readCommand(text, whereIs, issues);
  // A shell expands it by itself.
  const command = useshell === false ? read?.replace(/^~(?=\/)/, () => quoted(home)) : read;
  if (command === undefined) return { command, line: undefined };
  const split = splitWords(command);
  if ("problem" in split) {
    issues.error(whereIs(), `command: cannot be split into words: ${split.problem}`);
    return { command, line: undefined };
  }
  if (useshell === undefined) return { command, line: undefined };
  return { command, line: { command, words: split.words, useshell } };
}

/** As one word, or a part of one, whatever stands in it. */
function quoted(text: string): string {
  return /^[\w./@+:,-]*$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** What is executed. */
export function argvOf({ command, words, useshell }: CommandLine): readonly string[] {
  return useshell ? ["/bin/sh", "-c", command] : words;
}

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
