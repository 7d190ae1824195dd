import { readTokens, type Token } from "./tokens.ts";

/**
 * The programs that a shell line may leave running, the last first: its simple commands, without
 * redirects, variable assignments and `exec`, as the words that `ps` will show.
 *
 * A command is left out when its words cannot be known before the shell has run (`$x`, `*`), and when
 * the shell does it itself (`cd`, `while`).
 */
export function listShellCommands(line: string): readonly (readonly string[])[] {
  const commands: (readonly string[])[] = [];
  let words: Token[] = [];
  let isPattern = false;
  const close = (): void => {
    const command = isPattern ? undefined : readCommand(words);
    if (command) commands.push(command);
    words = [];
  };
  for (const token of readTokens(line)) {
    if (token.kind === "word") {
      words.push(token);
      continue;
    }
    close();
    // In `case x in a) …;; b) …`, what is between `;;` and `)` is a pattern.
    if (token.kind === "separator") isPattern = token.text === ";;";
  }
  close();
  return commands.toReversed();
}

/**
 * The command that finally does the work of a shell line, as `serve` does in `migrate && exec serve`:
 * its last simple command. Undefined where none is the last to run, in loops, pipes and the background,
 * or where its words cannot be known.
 */
export function lastShellCommand(line: string): readonly string[] | undefined {
  let words: Token[] = [];
  let last: Token[] = [];
  for (const token of readTokens(line)) {
    if (token.kind === "word") {
      words.push(token);
      continue;
    }
    if (!SEQUENCE.has(token.text) || isCompound(words)) return undefined;
    if (words.length > 0) last = words;
    words = [];
  }
  if (isCompound(words) || hasHereDocument(line)) return undefined;
  return readCommand(words.length > 0 ? words : last);
}

/** Between two commands, the second of which runs when the first is done. */
const SEQUENCE = new Set(["&&", ";", "\n"]);
/** Words that begin a command which contains others. */
const COMPOUND = new Set("if while until for case select function { }".split(" "));

function isCompound([first]: readonly Token[]): boolean {
  return first !== undefined && !first.isQuoted && COMPOUND.has(first.text);
}

/** What follows it was not read. */
function hasHereDocument(line: string): boolean {
  return line.includes("<<");
}

/** Words after which a command begins. */
const PREFIXES = new Set("if then elif else while until do ! { time".split(" "));
/** Words that begin something other than a program. */
const NO_PROGRAMS = new Set(
  `for case select function in esac fi done } : . [ [[ alias bg break cd continue declare dirs disown
  echo enable eval exit export false fg getopts hash help history jobs kill let local popd printf
  pushd pwd read readonly return set shift shopt source test times trap true type typeset ulimit umask
  unalias unset wait`.split(/\s+/),
);

function readCommand(tokens: readonly Token[]): readonly string[] | undefined {
  let start = 0;
  const at = (): Token | undefined => tokens[start];
  const isWord = (names: ReadonlySet<string>): boolean => {
    const token = at();
    return token !== undefined && !token.isQuoted && names.has(token.text);
  };
  while (isWord(PREFIXES) || at()?.isAssignment) start++;
  while (isWord(EXEC)) start++;
  const words = tokens.slice(start);
  if (words.length === 0 || isWord(NO_PROGRAMS)) return undefined;
  return words.every((word) => word.isLiteral) ? words.map((word) => word.text) : undefined;
}

const EXEC = new Set(["exec", "command"]);
