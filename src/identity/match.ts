import { readShebang, whereFound } from "../lib/executable.ts";
import { existsSync, realpathSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { withoutEmptyTail } from "../../proc/cmdline.ts";
import type { MatchRule, ProgramSettings } from "../config/settings.ts";
import { BoundedSearch } from "./bounded-search.ts";
import { npmTitles } from "./npm-title.ts";

/** What is needed to decide whether a command line is that of a program. */
export interface Pattern {
  matches(argv: readonly string[]): boolean;
  /** For messages: what was looked for. */
  readonly description: string;
  /** True where the process that is launched *is* the program, whatever title it takes. */
  readonly isLaunched: boolean;
  /** True for a shell line: the shell is the program. So is setsid, while it waits. */
  readonly isShell: boolean;
  /** Of such a one: true for the process below the shell that does its work, if there is to be one. */
  doesWork(argv: readonly string[]): boolean;
  /** Working directory that a match must have, unless it is the program's by its lineage; undefined: any. */
  readonly folder: string | undefined;
  /** What was too expensive to search since the last call; undefined: nothing. */
  takeTrouble?(): string | undefined;
  /** For people: where a command line that does not match differs first from the nearest that does; undefined: in all. */
  differs?(argv: readonly string[]): WordDifference | undefined;
  /** Names (see {@link endingOf}) with which a matching command line ends; undefined: any may. */
  readonly endings: readonly string[] | undefined;
}

/** The first word in which a command line differs; undefined is one that is not there. */
export interface WordDifference {
  /** Counted from 1. */
  readonly word: number;
  readonly wanted: string | undefined;
  readonly seen: string | undefined;
  /** How many words are the same in the same places, as a part of all: below 1. */
  readonly likeness: number;
}

/**
 * The last word of a command line, without folders: that of a command is also that of all which
 * the kernel makes of it, since a `#!` line adds words in front and looks a name up on the PATH.
 */
export function endingOf(argv: readonly string[]): string {
  const last = argv.at(-1) ?? "";
  return last.slice(last.lastIndexOf("/") + 1);
}

/**
 * The match rule of a program, made ready.
 *
 * `proctitle_re` searches the command line joined by blanks. Otherwise the argv must be one of the
 * candidate commands, or what the kernel makes of one through the `#!` line of its script
 * (execve(2)): `[interpreter, at most one option, path, ...arguments]`. A script that names
 * `/usr/bin/env` as interpreter is replaced once more, by what env executes.
 */
export function pattern(rule: MatchRule, program: Launchable, path: string | undefined): Pattern {
  return rule.kind === "title"
    ? new TitlePattern(rule, program)
    : new CommandPattern(rule, program, path);
}

type Launchable = Pick<ProgramSettings, "directory" | "useshell" | "command">;

/** By `proctitle_re`. */
class TitlePattern implements Pattern {
  readonly endings = undefined;
  readonly folder = undefined;
  readonly #rule: MatchRule & { kind: "title" };
  readonly #program: Launchable;
  readonly #search: BoundedSearch;

  constructor(rule: MatchRule & { kind: "title" }, program: Launchable) {
    this.#rule = rule;
    this.#search = new BoundedSearch(rule);
    this.#program = program;
  }

  get isLaunched(): boolean {
    return this.#program.useshell;
  }

  get isShell(): boolean {
    return this.#program.useshell;
  }

  get description(): string {
    return `proctitle_re ${this.#rule.source}`;
  }

  doesWork(argv: readonly string[]): boolean {
    return this.isShell && this.matches(argv);
  }

  takeTrouble(): string | undefined {
    return this.#search.takeTrouble();
  }

  matches(argv: readonly string[]): boolean {
    if (argv.length === 0 || !this.#search.isIn(argv.join(" "))) return false;
    return !isShellAround(argv, this.#program);
  }
}

/** By the commands that the process may show. Made for each of thousands: it holds next to nothing. */
class CommandPattern implements Pattern {
  readonly #wanted: readonly (readonly string[])[];
  readonly #main: readonly string[] | undefined;
  readonly #program: Launchable;
  readonly #path: string | undefined;
  #titles: readonly string[] | undefined;
  #interpreted: readonly (readonly string[])[] | undefined;
  #folder: { readonly path: string | undefined } | undefined;

  constructor(
    { candidates, main }: MatchRule & { kind: "command" },
    program: Launchable,
    path: string | undefined,
  ) {
    const wanted = candidates.map(withoutEmptyTail).filter((argv) => argv.length > 0);
    this.#wanted = wanted.slice(); // what was filtered has room for 17
    this.#main = main && withoutEmptyTail(main);
    this.#program = program;
    this.#path = path;
  }

  get description(): string {
    return (
      this.#wanted.map((argv) => argv.join(" ")).join(" | ") ||
      "nothing, because the shell line contains no literal command: set proctitle_re"
    );
  }

  get isLaunched(): boolean {
    return true;
  }

  get isShell(): boolean {
    return this.#program.useshell || this.#main !== undefined;
  }

  /** `node server.js` in two folders is two programs. */
  get folder(): string | undefined {
    this.#folder ??= { path: folderOf(this.#wanted, this.#program) };
    return this.#folder.path;
  }

  get endings(): readonly string[] {
    const titles = this.#npmTitles().map((title) => endingOf([title]));
    return [...new Set([...this.#wanted.map(endingOf), ...titles])];
  }

  /** npm's titles mean the program in its folder only. */
  #npmTitles(): readonly string[] {
    return (this.#titles ??= this.#wanted.flatMap(npmTitles));
  }

  doesWork(argv: readonly string[]): boolean {
    const main = this.#main;
    return main !== undefined && argv.at(-1) === main.at(-1) && this.matches(argv);
  }

  matches(argv: readonly string[]): boolean {
    if (this.#wanted.some((one) => equal(one, argv))) return true;
    if (argv.length === 1 && this.#npmTitles().includes(argv[0] ?? "")) return true;
    // Read only when needed: most commands are no scripts, and most processes are others.
    if (!this.#wanted.some((one) => looksInterpreted(one, argv))) return false;
    return this.#throughInterpreter().some((one) => equal(one, argv));
  }

  #throughInterpreter(): readonly (readonly string[])[] {
    return (this.#interpreted ??= this.#wanted.flatMap((one) =>
      throughInterpreter(one, this.#program.directory, this.#path),
    ));
  }

  differs(argv: readonly string[]): WordDifference | undefined {
    let best: WordDifference | undefined;
    for (const one of [...this.#wanted, ...this.#throughInterpreter()]) {
      const length = Math.max(one.length, argv.length);
      const likeness = one.filter((word, index) => word === argv[index]).length / length;
      if (likeness === 0 || likeness === 1 || likeness <= (best?.likeness ?? 0)) continue;
      const at = Array.from({ length }).findIndex((_, index) => one[index] !== argv[index]);
      best = { word: at + 1, wanted: one[at], seen: argv[at], likeness };
    }
    return best;
  }
}

/** The folder in which a command with relative paths, or of npm, means what it says. */
function folderOf(
  commands: readonly (readonly string[])[],
  { directory, useshell, command }: Launchable,
): string | undefined {
  const entered = useshell ? FIRST_CD.exec(command)?.[2] : undefined;
  const folder = entered === undefined ? directory : join(directory, entered);
  const where = entered !== undefined && isAbsolute(entered) ? entered : folder;
  const isBound = commands.some(
    (words) => npmTitles(words).length > 0 || words.some((word) => isRelativePath(word, where)),
  );
  if (!isBound) return undefined;
  try {
    return realpathSync(where);
  } catch {
    return where; // not there now
  }
}

/** `cd FOLDER && …` at the beginning of a shell line, where the folder is written out. */
const FIRST_CD = /^\s*cd\s+(["']?)([^"'`$*?~;&|<>()\s]+)\1\s*(?:&&|;)/;

/** An option is none, nor is a word that no file has by name. */
function isRelativePath(word: string, folder: string): boolean {
  if (word === "" || word.startsWith("/") || word.startsWith("-")) return false;
  return existsSync(join(folder, word));
}

/** True for the `/bin/sh -c LINE` that we put around a program with `useshell`. */
function isShellAround(
  argv: readonly string[],
  { useshell, command }: Pick<ProgramSettings, "useshell" | "command">,
): boolean {
  return useshell && argv.length === 3 && argv[1] === "-c" && argv[2] === command;
}

function equal(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((word, index) => word === b[index]);
}

/** A cheap test before the script is opened: the arguments are the same, and are at the end. */
function looksInterpreted(command: readonly string[], argv: readonly string[]): boolean {
  const extra = argv.length - command.length;
  if (extra < 1 || extra > 8) return false;
  return command.slice(1).every((word, index) => word === argv[extra + 1 + index]);
}

/** The command lines that a script may show: one for its `#!` line, more when that is env. */
function throughInterpreter(
  command: readonly string[],
  directory: string,
  path: string | undefined,
): readonly (readonly string[])[] {
  const [name = "", ...rest] = command;
  return whereFound(name, directory, path).flatMap((file) => {
    const line = readShebang(file.opened);
    if (line === undefined) return [];
    const tail = [file.shown, ...rest];
    const plain = [line.interpreter, ...(line.option === undefined ? [] : [line.option]), ...tail];
    if (!/(^|\/)env$/.test(line.interpreter) || line.option === undefined) return [plain];
    const words = line.option.replace(/^-S\s*/, "").split(/[ \t]+/);
    return [plain, [...words.filter((word) => word !== ""), ...tail]];
  });
}
