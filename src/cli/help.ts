import { enumerate } from "../lib/format.ts";
import { allOptions, commandsWith, shownCommands } from "./args.ts";
import { type Arguments, type Command, common, type Option, type Tool } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";

/** Maximum width of a help text, in columns. */
const WIDTH = 100;
/** The same of the names of commands in a usage. */
const NAMES_WIDTH = 66;
/** Column where the description of a command or option begins. */
const COLUMN = 22;

/** The text of `--help`. */
export function renderHelp(tool: Tool): string {
  const commands = shownCommands(tool).map((one) =>
    renderRow(`  ${[one.name, ...describeArguments(one.arguments)].join(" ")}`, one.summary),
  );
  const options = Object.entries(allOptions(tool));
  const isCommon = ([name]: [string, Option]): boolean => Object.hasOwn(common, name);
  const own = options.filter((row) => !isCommon(row));
  const shared = options.filter(isCommon);
  const rows = [...own, ...shared].map(([name, option]) =>
    renderRow(describeOption(name, option), describeHelp(name, option, tool)),
  );
  const codes = exitCodes.map(([code, what]) => `${code} ${what}`).join("; ");
  return [
    ...describeUses(tool).map((line, index) => (index === 0 ? "Usage: " : "       ") + line),
    "",
    ...tool.about,
    "",
    ...commands,
    "",
    ...rows,
    "",
    ...wrap(`Exit codes: ${codes}`, WIDTH - 4),
  ].join("\n");
}

/** Its usage: commands that take the same words share a line. */
export function describeUses(tool: Tool): readonly string[] {
  const uses = new Map<string, string[]>();
  for (const { name, arguments: wanted } of shownCommands(tool)) {
    const words = wanted?.kind === "programs" ? describePrograms(wanted) : describeChoice(wanted);
    uses.set(words, [...(uses.get(words) ?? []), name]);
  }
  return [...uses].flatMap(([words, names]) =>
    inLines(names, NAMES_WIDTH).map((some) => {
      const hasDefault = tool.byDefault !== undefined && some.includes(tool.byDefault);
      const shown = some.join("|");
      return `${tool.name} [OPTIONS] ${hasDefault ? `[${shown}]` : shown}${words}`;
    }),
  );
}

/** As many to a line as there is room for. */
function inLines(names: readonly string[], width: number): readonly (readonly string[])[] {
  const lines: string[][] = [];
  for (const name of names) {
    const line = lines.at(-1);
    if (line !== undefined && [...line, name].join("|").length <= width) line.push(name);
    else lines.push([name]);
  }
  return lines;
}

type Programs = Extract<Arguments, { readonly kind: "programs" }>;

function describePrograms(wanted: Programs): string {
  if (wanted.isOne !== true) return ` NAME…|all${lastOf(wanted)}`;
  return wanted.isOptional === true ? " [NAME]" : " NAME";
}

function describeWord({
  value,
  isOptional,
}: Extract<Arguments, { readonly kind: "word" }>): string {
  return isOptional === true ? `[${value}]` : value;
}

function describeChoice(wanted: Arguments): string {
  if (wanted?.kind === "files") return " FILE…";
  if (wanted?.kind === "word") return ` ${describeWord(wanted)}`;
  return wanted?.kind === "choice" ? ` ${wanted.words.join("|")}` : "";
}

function lastOf({ last }: Programs): string {
  return last === undefined ? "" : ` ${last.value}`;
}

/** The words after a command, as a help text shows them. */
export function describeArguments(wanted: Arguments): readonly string[] {
  switch (wanted?.kind) {
    case undefined:
      return [];
    case "programs":
      if (wanted.isOne === true) return [describePrograms(wanted).trim()];
      return [wanted.isOptional === true ? "[NAME…]" : `NAME…${lastOf(wanted)}`];
    case "files":
      return ["FILE…"];
    case "word":
      return [describeWord(wanted)];
    case "choice":
      return [wanted.what.toUpperCase()];
  }
}

function describeOption(name: string, { short, value }: Option): string {
  const shown = short === undefined ? "     " : ` -${short}, `;
  return ` ${shown}--${name}${value === undefined ? "" : ` ${value}`}`;
}

/** With which commands it goes, where that is not all of them; and what it does. */
export function describeHelp(name: string, { help, needs }: Option, tool: Tool): string {
  const takers = commandsWith(name, tool);
  const isEverywhere = takers.length === 0 || takers.length >= programCommands(tool);
  if (isEverywhere) return help;
  const needed = needs === undefined ? "" : ` --${needs.option}`;
  return `with ${enumerate(takers)}${needed}: ${help}`;
}

/** Number of commands that act on programs; an option of all of them needs no note. */
function programCommands(tool: Tool): number {
  return tool.commands.filter(takesSeveral).length || Infinity;
}

function takesSeveral({ arguments: wanted }: Command): boolean {
  return wanted?.kind === "programs" && wanted.isOne !== true;
}

function renderRow(head: string, text: string): string {
  const lines = wrap(text, WIDTH - COLUMN);
  const shown = head.length < COLUMN - 1 ? head.padEnd(COLUMN) : `${head}  `;
  return lines.map((line, at) => (at === 0 ? shown : " ".repeat(COLUMN)) + line).join("\n");
}

/** A text in lines of at most `width` columns. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
