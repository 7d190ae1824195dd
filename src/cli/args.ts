import { enumerate } from "../lib/format.ts";
import { parseArgs } from "node:util";
import { nearest } from "../config/nearest.ts";
import { ExitCode } from "../exit-code.ts";
import { type Command, common, type Invocation, type Options, type Tool } from "./command.ts";

/** What is asked of one of our programs. */
export type Parsed =
  | { readonly kind: "help" | "version" | "readme" }
  | ({ readonly kind: "run"; readonly command: Command } & Omit<Invocation, "screen">);

/** The command line cannot be understood; the message is a hint, not a page. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  readonly code: ExitCode;

  constructor(message: string, code: ExitCode = ExitCode.failure) {
    super(message);
    this.code = code;
  }
}

/** Values as given: options that were not given are absent. */
type Given = Readonly<Record<string, string | boolean | undefined>>;

/**
 * Reads the words after the name of the program. Options can appear anywhere.
 *
 * @throws {UsageError}
 */
export function parse(argv: readonly string[], tool: Tool): Parsed {
  const { values, positionals } = split(argv, tool);
  for (const page of ["help", "version", "readme"] as const) {
    if (values[page] === true) return { kind: page };
  }
  const [word = tool.byDefault, ...given] = positionals;
  if (word === undefined) throw new UsageError(`say what to do: ${describeUse(tool)}`);
  const command = findCommand(word, tool, given[0]);
  checkOptions(values, command, tool);
  const words = withoutNames(given, values, command) ?? given;
  checkWords(words, values, command, tool);
  return { kind: "run", tool, command, words, options: complete(values, command.options) };
}

/** True where `-H` says that it is for other hosts. */
export function isForHosts({ options }: Parsed & { readonly kind: "run" }): boolean {
  return typeof (options as Given)["hosts"] === "string";
}

/** True where `--watch` asks for the page of `top`. */
export function isWatched({ options }: Pick<Invocation, "options">): boolean {
  return "watch" in options && options.watch === true;
}

/** The commands that help shows. */
export function shownCommands({ commands }: Tool): readonly Command[] {
  return commands.filter(({ isHidden }) => isHidden !== true);
}

/** True if names of programs follow some command. */
export function takesPrograms(tool: Tool): boolean {
  return shownCommands(tool).some((one) => one.arguments?.kind === "programs");
}

/** All options of a program, its own first. */
export function allOptions({ commands }: Tool): Options {
  return Object.assign({}, ...commands.map(({ options }) => options), common) as Options;
}

/** The commands that have an option of their own; empty for one that is common to all. */
export function commandsWith(option: string, tool: Tool): readonly string[] {
  const takers = tool.commands.filter(({ options }) => Object.hasOwn(options, option));
  return takers.map(({ name }) => name);
}

/** Most command lines are plain words, which need no parser: loading one takes 0.7 ms. */
function split(
  argv: readonly string[],
  tool: Tool,
): { readonly values: Given; readonly positionals: readonly string[] } {
  if (!argv.some((word) => word.startsWith("-"))) return { values: {}, positionals: argv };
  const known = allOptions(tool);
  const options = Object.fromEntries(
    Object.entries(known).map(([name, { value, short, isRepeatable: multiple = false }]) => {
      const type = value === undefined ? ("boolean" as const) : ("string" as const);
      return [name, { type, multiple, ...(short === undefined ? {} : { short }) }];
    }),
  );
  try {
    const { values, positionals } = parseArgs({ args: [...argv], options, allowPositionals: true });
    return { values: joinRepeated(values), positionals };
  } catch (error) {
    throw new UsageError(describeBadOption(error, Object.keys(known)));
  }
}

/** `-H web1 -H web2` is `-H web1,web2`. */
function joinRepeated(values: ReturnType<typeof parseArgs>["values"]): Given {
  const given = Object.entries(values).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.join(",") : value,
  ]);
  return Object.fromEntries(given) as Given;
}

/** Node's messages also mention `--` and positionals: the first sentence is enough. */
function describeBadOption(error: unknown, known: readonly string[]): string {
  const text = error instanceof Error ? (error.message.split(". ", 1)[0] ?? "") : String(error);
  const message = text.replace(/\.$/, "");
  const [, wrong] = /^Unknown option '--([^']{2,})'/.exec(message) ?? [];
  const near = wrong === undefined ? undefined : nearest(wrong, known);
  return near === undefined ? message : `${message}; did you mean --${near}?`;
}

function findCommand(word: string, tool: Tool, next: string | undefined): Command {
  const found = tool.commands.find(({ name }) => name === word);
  if (found !== undefined) return found;
  const known = shownCommands(tool).map(({ name }) => name);
  const { other } = tool;
  if (other?.commands.includes(word) === true) {
    const message = `${word} is an action of ${other.name}: ${other.name} ${word}`;
    throw new UsageError(message, ExitCode.invalidAction);
  }
  const hint = hintAt(word, known, next);
  throw new UsageError(`unknown action "${word}"; ${hint}`, ExitCode.invalidAction);
}

function hintAt(word: string, known: readonly string[], next: string | undefined): string {
  // `usrsvc web start`, as other tools have it
  const swapped = known.find((one) => one === next);
  if (swapped !== undefined) return `the action comes first: ${swapped} ${word}`;
  return suggest(known.find((one) => one.startsWith(word)) ?? nearest(word, known), known);
}

function suggest(near: string | undefined, known: readonly string[]): string {
  return near === undefined ? `known: ${known.join(", ")}` : `did you mean ${near}?`;
}

function checkWords(words: readonly string[], values: Given, command: Command, tool: Tool): void {
  const [first, second] = words;
  const called = `${tool.name} ${command.name}`;
  const { arguments: wanted } = command;
  switch (wanted?.kind) {
    case undefined:
      if (first !== undefined) {
        throw new UsageError(`${called} takes no arguments, but got "${first}"`);
      }
      return;
    case "programs":
      if (
        first === undefined &&
        wanted.isOptional !== true &&
        !isSet(wanted.isOptionalWith, values)
      ) {
        throw new UsageError(`say which programs: ${called} NAME… (or: ${called} all)`);
      }
      if (wanted.isOne === true) checkOne(words, called);
      if (wanted.last !== undefined && second === undefined) {
        const { what, value, words: usual } = wanted.last;
        const all = usual.join(", ");
        throw new UsageError(`say which ${what}: ${called} ${first} ${value} (${all})`);
      }
      return;
    case "files":
      if (first === undefined) throw new UsageError(`say which files: ${called} FILE…`);
      return;
    case "word":
      if (first === undefined && wanted.isOptional !== true) {
        throw new UsageError(`say which ${wanted.what}: ${called} ${wanted.value}`);
      }
      if (second !== undefined) {
        const hint =
          wanted.isQuoted === true ? `; put it in quotes: ${called} ${wanted.value}` : "";
        throw new UsageError(`${called} takes one ${wanted.what}, but also got "${second}"${hint}`);
      }
      return;
    case "choice":
      checkChoice(first, wanted, called);
      if (second !== undefined) {
        throw new UsageError(`${called} takes one argument, but also got "${second}"`);
      }
  }
}

function checkOne([first, second]: readonly string[], called: string): void {
  if (second !== undefined) {
    throw new UsageError(`${called} takes one program, but also got "${second}"`);
  }
  if (first === "all") throw new UsageError(`${called} takes the name of one program, not all`);
}

function isSet(option: string | undefined, values: Given): boolean {
  return option !== undefined && values[option] === true;
}

function checkChoice(
  word: string | undefined,
  { what, words }: { readonly what: string; readonly words: readonly string[] },
  called: string,
): void {
  if (word === undefined) throw new UsageError(`say which ${what}: ${called} ${words.join("|")}`);
  if (words.includes(word)) return;
  throw new UsageError(`unknown ${what} "${word}"; ${suggest(nearest(word, words), words)}`);
}

/** The words where an option says which programs are meant. */
function withoutNames(
  words: readonly string[],
  values: Given,
  { name: command, options }: Command,
): readonly string[] | undefined {
  const [name] =
    Object.entries(options).find(([one, { isForNames }]) => isForNames && values[one]) ?? [];
  if (name === undefined) return undefined;
  const more = words.find((word) => word !== "all");
  if (more === undefined) return ["all"];
  throw new UsageError(
    `--${name} says which programs are meant: leave ${more} out, or write ${command} ${more}`,
  );
}

function checkOptions(values: Given, command: Command, tool: Tool): void {
  for (const name of Object.keys(values)) {
    if (Object.hasOwn(common, name) || Object.hasOwn(command.options, name)) continue;
    const takers = enumerate(commandsWith(name, tool));
    const { otherwise } = allOptions(tool)[name] ?? {};
    const advice = otherwise === undefined ? "" : `; ${otherwise} ${command.name}`;
    throw new UsageError(`--${name} goes with ${takers}, not with ${command.name}${advice}`);
  }
  for (const [name, { needs, excludes }] of Object.entries(command.options)) {
    if (values[name] === undefined) continue;
    if (needs !== undefined && values[needs.option] === undefined) {
      throw new UsageError(`--${name} goes with --${needs.option}: ${needs.why}`);
    }
    if (excludes !== undefined && values[excludes] !== undefined) {
      throw new UsageError(`--${name} and --${excludes} exclude each other`);
    }
  }
}

/** Options that were not given are false, or have no value. */
function complete(values: Given, own: Options): Invocation["options"] {
  const all = Object.entries<Options[string]>({ ...own, ...common });
  return Object.fromEntries(
    all.map(([name, { value }]) => [
      name,
      values[name] ?? (value === undefined ? false : undefined),
    ]),
  ) as Invocation["options"];
}

/** Its usage, in short. */
function describeUse(tool: Tool): string {
  const names = shownCommands(tool)
    .filter(
      ({ arguments: one }) => one?.kind === "programs" && one.last === undefined && !one.isOne,
    )
    .map(({ name }) => name);
  return `${tool.name} ${names.join("|")} NAME…`;
}
