import { shellCommand, word } from "../value-text.ts";
import { expandSpecifiers, type UnitName } from "./specifiers.ts";
import { unitWords } from "./words.ts";

/** A command of ExecX=. */
export interface Exec {
  /** The - @ : + ! before it. */
  readonly prefixes: string;
  /** Texts of ours, in which $NAME is still to be replaced. */
  readonly words: readonly string[];
}

/** The commands of a value, which a lone ; separates; undefined: a quote is not closed. */
export function readExecs(
  value: string,
  name: UnitName,
  file: string,
): readonly Exec[] | undefined {
  const words = unitWords(value);
  if (words === undefined) return undefined;
  const commands: string[][] = [[]];
  for (const one of words) {
    if (one === ";") commands.push([]);
    else commands.at(-1)?.push(one === "\\;" ? ";" : one);
  }
  return commands
    .filter((one) => one.length > 0)
    .map(([first = "", ...rest]) => {
      const [prefixes = ""] = /^[-@:+!|]*/.exec(first) ?? [];
      const all = [first.slice(prefixes.length), ...rest].filter(
        (one, index) => index > 0 || one !== "",
      );
      return { prefixes, words: all.map((one) => expandSpecifiers(one, name, file)) };
    });
}

/** What variables of a unit are known to hold: a text of ours; undefined: only the program's environment knows. */
export type Variables = (name: string) => string | undefined;

/** A command of ours. */
export interface CommandText {
  readonly text: string;
  /** It is a line for a shell. */
  readonly isShell: boolean;
}

/** Which process $MAINPID is here. */
const OURS: Readonly<Record<string, string>> = { MAINPID: "USRSVC_PID" };

/**
 * A command with its variables: `${X}` is replaced within a word, `$X` as a word is split at blanks, and `$$` is a dollar.
 * Where the values are known they are inserted; else it takes a shell.
 */
export function withVariables({ prefixes, words }: Exec, variables: Variables): CommandText {
  if (prefixes.includes(":")) return { text: words.map(word).join(" "), isShell: false };
  const names = words.slice(1).flatMap((one) => [...one.matchAll(REFERENCE)].map(nameOf));
  const asked = names.filter((name) => name !== undefined);
  if (asked.every((name) => variables(name) !== undefined)) {
    const all = words.flatMap((one, index) => (index === 0 ? [one] : substitute(one, variables)));
    return { text: all.map(word).join(" "), isShell: false };
  }
  const shown = words.map((one, index) => (index === 0 ? word(one) : forShell(one)));
  return { text: `exec ${shown.join(" ")}`, isShell: true };
}

/** `$$`, `${NAME}`; `$NAME` only where it is a whole word. */
const REFERENCE = /\$\$|\$\{([A-Za-z_]\w*)\}|^\$([A-Za-z_]\w*)$/g;

function nameOf(match: RegExpMatchArray): string | undefined {
  return match[1] ?? match[2];
}

function substitute(text: string, variables: Variables): readonly string[] {
  const [, whole] = /^\$([A-Za-z_]\w*)$/.exec(text) ?? [];
  if (whole !== undefined) return unitWords(variables(whole) ?? "") ?? [variables(whole) ?? ""];
  return [
    text.replaceAll(REFERENCE, (_all, name?: string) =>
      name === undefined ? "$" : (variables(name) ?? ""),
    ),
  ];
}

/** A word for a shell, in which variables are replaced as systemd does it. */
function forShell(text: string): string {
  const [, whole] = /^\$([A-Za-z_]\w*)$/.exec(text) ?? [];
  if (whole !== undefined) return `$${OURS[whole] ?? whole}`;
  if ([...text.matchAll(REFERENCE)].every((match) => nameOf(match) === undefined)) {
    return word(text.replaceAll("$$", "$"));
  }
  let result = "";
  let copied = 0;
  const quoted = (plain: string): string => plain.replaceAll(/[\\"`$]/g, String.raw`\$&`);
  for (const match of text.matchAll(REFERENCE)) {
    const name = nameOf(match);
    result += quoted(text.slice(copied, match.index));
    result += name === undefined ? String.raw`\$` : `\${${OURS[name] ?? name}}`;
    copied = (match.index ?? 0) + match[0].length;
  }
  return `"${result}${quoted(text.slice(copied))}"`;
}

/** Several commands, one after the other, as one that runs with a shell or without; a - lets it fail. */
export function joinExecs(execs: readonly Exec[], variables: Variables): string {
  const all = execs.map(withOurPid).map((exec) => ({
    ...withVariables(exec, variables),
    mayFail: exec.prefixes.includes("-"),
  }));
  const [first, ...more] = all;
  if (first === undefined) return "";
  if (more.length === 0 && !first.mayFail && !first.isShell) return first.text;
  const lines = all.map(({ text, mayFail }) => {
    const line = text.replace(/^exec /, "");
    return mayFail ? `{ ${line} || :; }` : line;
  });
  return shellCommand(lines.join(" && "));
}

/** A shell within a command finds the process in a variable, which has another name here. */
function withOurPid(exec: Exec): Exec {
  const words = exec.words.map((one) => one.replaceAll(/(?<=.)\$MAINPID\b/gs, "$USRSVC_PID"));
  return { ...exec, words };
}

/** The signal that a command sends to the program, and nothing else: `kill -HUP $MAINPID`. */
export function signalOf({ words }: Exec): string | undefined {
  const [, , name] =
    /^(\S*\/)?kill (?:-s |-s=|--signal |--signal=|-)([A-Z]\w*|\d+) \$\{?MAINPID\}?$/.exec(
      words.join(" "),
    ) ?? [];
  return name;
}
