import { existsSync } from "node:fs";
import { basename } from "node:path";
import { type ConfigFile, parseConfigobj, type Section } from "../../config/configobj/configobj.ts";
import type { ConfigIssue } from "../../config/issue.ts";
import { readFileHead } from "../../lib/read-file.ts";
import { homeFolder } from "../../lib/home.ts";
import { shellWord } from "../../lib/format.ts";

/** Maximum size of a file that is looked at, in bytes: a configuration is far smaller. */
const MOST_BYTES = 16 * 1024 * 1024;

/**
 * The advice for an example that was not adapted: its errors are values with folders in a home that this
 * machine does not have. Undefined for anything else.
 *
 * @param main the main file
 */
export function describeOtherHome(
  issues: readonly ConfigIssue[],
  main: string,
): string | undefined {
  const files = new Map<string, ConfigFile | undefined>();
  for (const { place } of issues) {
    const { file: path, line } = place;
    if (!files.has(path)) files.set(path, parse(path));
    const file = files.get(path);
    if (file === undefined) continue;
    const other = valuesAt(file, line)
      .flatMap(homesIn)
      .find((home) => !existsSync(home));
    if (other !== undefined) return describe(other, path, file, main);
  }
  return undefined;
}

function describe(other: string, path: string, file: ConfigFile, main: string): string {
  const home = homeFolder();
  const there = `There is no ${other} on this machine. If it stands for your home folder in an example, `;
  const words = (option: string): string =>
    `sed ${option}'s|${other}|${home}|g' ${shellWord(path)}`;
  if (path !== main) return `${there}put yours in its place: ${words("-i ")}`;
  const isMain = file.root.sections.has("Main");
  const folder = isMain ? home : `${home}/usrsvc.d`;
  const names = isMain ? ["usrsvc.cfg", "example.cfg"] : [basename(path)];
  const copy = names.map((name) => `${folder}/${name}`).find((one) => !existsSync(one));
  const target = copy === undefined ? "a new file" : shellWord(copy);
  const make = existsSync(folder) ? "" : `mkdir -p ${shellWord(folder)} && `;
  return `${there}make a copy with yours in its place: ${make}${words("")} > ${target}`;
}

function parse(path: string): ConfigFile | undefined {
  try {
    return parseConfigobj(readFileHead(path, { most: MOST_BYTES }).text);
  } catch {
    return undefined; // that it cannot be read is already reported
  }
}

/** What is written on a line; without one, or if that refers to other values, in all of the file. */
function valuesAt({ root }: ConfigFile, line: number | undefined): readonly string[] {
  const all = entriesOf(root);
  const own = all.filter((entry) => entry.line === line);
  const isOfOthers = line === undefined || own.some(({ text }) => text.includes("%("));
  return (isOfOthers ? all : own).map(({ text }) => text);
}

function entriesOf({ entries, sections }: Section): readonly { line: number; text: string }[] {
  return [...entries.values(), ...[...sections.values()].flatMap(entriesOf)];
}

function homesIn(value: string): readonly string[] {
  return value.match(/(?<![\w/])\/home\/[^/"'\s:,|]+/g) ?? [];
}
