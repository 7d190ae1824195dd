import { lstatSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { nameOf } from "../lib/accounts.ts";
import { type TrustedPaths, UntrustedPath } from "../lib/trusted-path.ts";
import type { IssueList } from "./issue-list.ts";
import type { Place } from "./issue.ts";
import { describeUnsafe } from "./ownership.ts";
import { describeFailure, readFile, type Reader } from "./read-file.ts";
import type { ReadFile } from "./resolve/defaults.ts";

/** Reads the `*.cfg` of a folder, sorted by the bytes of their names. */
export function readFolder(
  path: string,
  place: Place,
  reader: Reader,
  fatal: IssueList,
  further: IssueList,
): ReadFile[] {
  const { uid, paths, texts } = reader;
  let names: string[];
  let isOurs: boolean;
  let isShared: boolean;
  try {
    const stat = statSync(path);
    const unsafe = describeUnsafe(path, stat, uid);
    if (unsafe !== undefined) {
      fatal.error(place, `config_dir: the folder ${path} ${unsafe}`);
      return [];
    }
    const { real } = paths.follow(path);
    names = withGiven(readdirSync(real), path, texts);
    ({ isShared } = paths.folder(real));
    isOurs = stat.uid === uid && !isShared;
  } catch (error) {
    if (error instanceof UntrustedPath) {
      fatal.error(place, `config_dir: ${error.message}`);
      return [];
    }
    const problem = describeFailure(error);
    const advice = problem === "does not exist" ? "; create it, or leave config_dir out" : "";
    fatal.error(place, `config_dir: the folder ${JSON.stringify(path)} ${problem}${advice}`);
    return [];
  }
  const other = names.find((name) => /\.(conf|config|cnf|ini)$/.test(name));
  if (other !== undefined && !names.some((name) => name.endsWith(".cfg"))) {
    further.warn(
      place,
      `config_dir: only files named *.cfg are read; there are none, but there is ${other}`,
    );
  }
  const files = names
    .filter((name) => name.endsWith(".cfg") && !name.startsWith("."))
    .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .map((name) => join(path, name));
  return (isOurs ? files : leaveOthers(files, { path, isShared }, paths, further))
    .map((file) => readFile(file, { file, line: undefined }, reader, further))
    .filter((file) => file !== undefined && file !== "no-file");
}

/** With the files that are in no folder yet. */
function withGiven(names: string[], folder: string, texts: Reader["texts"]): string[] {
  if (texts === undefined) return names;
  const given = [...texts.keys()].filter((file) => dirname(file) === folder);
  return [...new Set([...names, ...given.map((file) => basename(file))])];
}

/** Maximum number of files of others that are named, each in a warning of its own. */
const MOST_NAMED = 10;

/**
 * The files, except those of other accounts. What these put in a folder where they can write, or an
 * administrator beside our files, is not an error in ours: it is ignored, with a warning.
 */
function leaveOthers(
  files: readonly string[],
  folder: { readonly path: string; readonly isShared: boolean },
  paths: TrustedPaths,
  further: IssueList,
): readonly string[] {
  let passed = 0;
  const ours = files.filter((file) => {
    const why = describeOther(file, folder.isShared, paths);
    if (why === undefined) return true;
    passed += 1;
    const own =
      "keep your own files in a folder that only you can write to, and name that in config_dir";
    if (passed <= MOST_NAMED) {
      further.warn(
        { file, line: undefined },
        `${why}; it is ignored, because it would run as you: remove it, or ${own}`,
      );
    }
    return false;
  });
  const more = passed - MOST_NAMED;
  if (more > 0) {
    further.warn(
      { file: folder.path, line: undefined },
      `${more} more files of other accounts are ignored`,
    );
  }
  return ours;
}

/** Undefined for what belongs to the user or root alone. */
function describeOther(file: string, isShared: boolean, paths: TrustedPaths): string | undefined {
  try {
    const stat = lstatSync(file, { throwIfNoEntry: false });
    if (stat === undefined) return undefined; // removed in the meantime
    if (!paths.isOurs(stat)) return `belongs to ${nameOf(stat.uid)}`;
    if (!isShared || stat.isDirectory() || stat.nlink === 1) return undefined;
    return "has a second name elsewhere (a hard link), perhaps made by another account";
  } catch (error) {
    return describeFailure(error);
  }
}
