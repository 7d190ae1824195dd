import { allOptions, shownCommands } from "../args.ts";
import { common, type Option, type Tool } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { describeArguments, describeHelp, describeUses } from "../help.ts";
import {
  bold,
  code,
  italic,
  item,
  paragraphs,
  plain,
  prose,
  type Roff,
  section,
  sentence,
  title,
} from "./roff.ts";
import { words } from "./words.ts";

/** Version and date of a page. */
export interface Imprint {
  readonly version: string;
  /** As 2026-11-27. */
  readonly date: string;
}

/** The page of one of our programs. */
export function toolPage(tool: Tool, number: 1 | 8, { version, date }: Imprint): Roff {
  const { name } = tool;
  const { description, examples, files, seeAlso } = words[name];
  return [
    ...title(name, number, date, `usrsvc ${version}`),
    ...section("NAME", [`${plain(name)} \\- ${plain(tool.title)}`]),
    ...section("SYNOPSIS", ...describeUses(tool).map((use) => synopsis(use))),
    ...section("DESCRIPTION", paragraphs(tool.about.join(" "), ...description)),
    ...section("COMMANDS", ...shownCommands(tool).map(commandItem)),
    ...section("OPTIONS", ...optionItems(tool)),
    ...section(
      "EXIT STATUS",
      ...exitCodes.map(([code_, what]) => item(bold(String(code_)), sentence(what))),
    ),
    ...section("FILES", ...files.map(([path, says]) => item(italic(path), says))),
    ...section("EXAMPLES", ...examples.flatMap(([says, text]) => [paragraphs(says), code(text)])),
    ...section("SEE ALSO", [prose(seeAlso)]),
  ];
}

/** `usrsvc [OPTIONS] start|stop NAME…`: a line may end after each bar. */
function synopsis(use: string): Roff {
  const [name = "", ...rest] = use.split(" ");
  return [".PP", `${bold(name)} ${plain(rest.join(" ")).replaceAll("|", String.raw`|\:`)}`];
}

function commandItem({ name, summary, arguments: wanted }: Tool["commands"][number]): Roff {
  const head = [bold(name), ...describeArguments(wanted).map(italic)].join(" ");
  return item(head, sentence(summary));
}

function optionItems(tool: Tool): readonly Roff[] {
  const options = Object.entries(allOptions(tool));
  const isCommon = ([name]: readonly [string, Option]): boolean => Object.hasOwn(common, name);
  const sorted = [...options.filter((row) => !isCommon(row)), ...options.filter(isCommon)];
  return sorted.map(([name, option]) => {
    const { short, value } = option;
    const spelt = [...(short === undefined ? [] : [`-${short}`]), `--${name}`].map(bold).join(", ");
    const head = value === undefined ? spelt : `${spelt} ${italic(value)}`;
    return item(head, sentence(describeHelp(name, option, tool)));
  });
}
