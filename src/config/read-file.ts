import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
} from "node:fs";
import { resolve } from "node:path";
import { nameOf } from "../lib/accounts.ts";
import { isProcFile, type TrustedPaths, UntrustedPath } from "../lib/trusted-path.ts";
import { parseConfigobj } from "./configobj/configobj.ts";
import type { IssueList } from "./issue-list.ts";
import type { Place } from "./issue.ts";
import { describeUnsafe } from "./ownership.ts";
import type { ReadFile } from "./resolve/defaults.ts";
import { decodeUtf8 } from "./utf8.ts";

/** For whom files are read. */
export interface Reader {
  readonly uid: number;
  readonly paths: TrustedPaths;
  /** Texts that count instead of what the disk has, by path. */
  readonly texts?: ReadonlyMap<string, string> | undefined;
}

/** Reads and parses one file; undefined, and an issue, if that cannot be done. */
export function readFile(
  path: string,
  place: Place,
  reader: Reader,
  issues: IssueList,
): ReadFile | "no-file" | undefined {
  const text = readText(path, place, reader, issues);
  if (text === undefined || text === "no-file") return text;
  return { path, ...parseConfigobj(text.text) };
}

/** The text of a file that nobody but the user and root can change; undefined, and an issue, if that cannot be had. */
export function readText(
  path: string,
  place: Place,
  reader: Reader,
  issues: IssueList,
): { readonly text: string } | "no-file" | undefined {
  const given = reader.texts?.get(path);
  if (given !== undefined) return { text: given };
  const bytes = readBytes(path, place, reader, issues);
  if (bytes === undefined || bytes === "no-file") return bytes;
  const decoded = decodeUtf8(bytes);
  if ("badLine" in decoded) {
    const { badLine: line } = decoded;
    issues.error(
      { file: path, line },
      "the file must be UTF-8 text, and this line is not; save it as UTF-8",
    );
    return undefined;
  }
  return decoded;
}

/** Opens, checks and reads; `no-file` if nothing is there, or a folder, a pipe or a device. */
function readBytes(
  path: string,
  place: Place,
  { uid, paths }: Reader,
  issues: IssueList,
): Uint8Array | "no-file" | undefined {
  const { O_RDONLY, O_NONBLOCK, O_NOCTTY, O_NOFOLLOW } = constants;
  let descriptor: number | undefined;
  try {
    // Nobody can replace it between this and the check of what was opened.
    const { real, isShared } = paths.follow(resolve(path));
    // Without O_NONBLOCK a pipe would make us wait for a writer.
    descriptor = openSync(real, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) return "no-file";
    const unsafe =
      isShared && uid !== 0 && !paths.isOurs(stats)
        ? `belongs to ${nameOf(stats.uid)}, and its contents would run as you; remove it, and use a folder that only you can write to`
        : (describeUnsafe(path, stats, uid) ?? describeName(descriptor, stats, isShared));
    if (unsafe === undefined) return readFileSync(descriptor);
    issues.error(place, unsafe);
    return undefined;
  } catch (error) {
    if (error instanceof UntrustedPath) {
      issues.error(place, error.message);
      return undefined;
    }
    if (isMissing(error, path)) return "no-file";
    issues.error(place, describeFailure(error));
    return undefined;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** Why a file that is ours was perhaps not put there by us. */
function describeName(
  descriptor: number,
  { nlink }: { readonly nlink: number },
  isShared: boolean,
): string | undefined {
  if (isProcFile(descriptor))
    return "is a file in /proc, whose contents other accounts can influence";
  if (!isShared || nlink === 1) return undefined;
  return "has a second name (a hard link) and is in a folder that others can write to; move it to a folder of your own";
}

/**
 * A dangling link is not missing, but wrong. What has no name is not a file: a pipe of
 * `/dev/fd`.
 */
function isMissing(error: unknown, path: string): boolean {
  const isGone = error instanceof Error && "code" in error && error.code === "ENOENT";
  return isGone && (existsSync(path) || lstatSync(path, { throwIfNoEntry: false }) === undefined);
}

/** Why nothing can be read: the end of a sentence that begins with the path. */
export function describeFailure(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOENT") return "does not exist";
  if (code === "EACCES") return "cannot be read: permission denied";
  if (code === "ENOTDIR") return "is not a folder, or a part of its path is not";
  if (error instanceof Error) return `cannot be read: ${error.message}`;
  throw error;
}
