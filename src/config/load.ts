import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { doubtHome, nameOf } from "../lib/accounts.ts";
import { realPath } from "../lib/same-file.ts";
import { isProcFile, TrustedPaths, UntrustedPath } from "../lib/trusted-path.ts";
import { parseConfigobj } from "./configobj/configobj.ts";
import { IssueList, sortIssues } from "./issue-list.ts";
import { ConfigError, formatIssue, type Place } from "./issue.ts";
import { type AdviceFacts, Advisor } from "./advice.ts";
import type { ReadFile } from "./resolve/defaults.ts";
import { describeUnsafe } from "./ownership.ts";
import { defaultStateDir, type HostFacts, resolveMain } from "./resolve/main.ts";
import { resolvePrograms } from "./resolve/resolve.ts";
import { topOf } from "./section-names.ts";
import type { MainSettings, Settings } from "./settings.ts";
import { decodeUtf8 } from "./utf8.ts";

export interface LoadOptions {
  /** The main file; `usrsvc.cfg` in `home` by default. */
  readonly path?: string | undefined;
  readonly home: string;
  readonly uid: number;
  /** Facts for advice; without them, only what is wrong becomes an issue. */
  readonly advice?: ((main: MainSettings) => AdviceFacts) | undefined;
}

/**
 * Reads the main file and all `*.cfg` of its `config_dir`.
 *
 * It reads synchronously: nothing else can be done before. A file of `config_dir` that cannot be read
 * is set aside as a faulty program is, with an error among the issues.
 *
 * @throws {ConfigError} when the main file or `config_dir` cannot be used
 */
export function loadSettings({ path, home, uid, advice }: LoadOptions): Settings {
  const mainPath = path ?? join(home, "usrsvc.cfg");
  const fatal = new IssueList(undefined);
  const reader = { uid, paths: new TrustedPaths(uid) };
  const mainFile = readMainFile(mainPath, home, reader, fatal);
  const host = hostFacts(home, uid);
  const section = mainFile?.root.sections.get("Main");
  if (mainFile === undefined || section === undefined)
    throw new ConfigError(sortIssues(fatal.issues, [mainPath]), defaultStateDir(host.realHome));

  const main = resolveMain({ section, file: mainPath }, host, fatal);
  // Root would leave folders of its own in somebody's home, and what it notes would be his to forge.
  const isElsewhere = uid === 0 && isBelow(main.stateDir, host) && !isOf(home, uid);
  const doubt = isElsewhere ? doubtHome(home, uid) : undefined;
  if (doubt !== undefined) fatal.error({ file: mainPath, line: undefined }, doubt);
  const line = section.entries.get("config_dir")?.line;
  const further = new IssueList(undefined);
  const folder = main.configDir;
  const files =
    folder === undefined
      ? []
      : readFolder(folder, { file: mainPath, line }, reader, fatal, further);
  const advisor = advice && new Advisor(advice(main), home, main);
  const place = (key: string): Place => ({
    file: mainPath,
    line: (section.entries.get(key) ?? section).line,
  });
  advisor?.main(main, place, further);
  const { programs, faulty, issues } = resolvePrograms([mainFile, ...files], {
    ...host,
    stateDir: main.stateDir,
    advisor,
  });
  const advised =
    advisor === undefined ? [] : [mainFile, ...files].flatMap((file) => advisor.file(file));
  // A line outside of programs that cannot be read is noticed twice.
  const told = new Set(fatal.issues.map(formatIssue));
  const rest = [...further.issues, ...issues, ...advised].filter(
    (issue) => told.size === 0 || !told.has(formatIssue(issue)),
  );
  const all = [...fatal.issues, ...rest];
  const paths = [mainPath, ...files.map((file) => file.path)];
  const sorted = sortIssues(all, paths);
  if (fatal.hasErrors) throw new ConfigError(sorted, main.stateDir);
  return { main, programs, faulty, issues: sorted };
}

/** For whom files are read. */
interface Reader {
  readonly uid: number;
  readonly paths: TrustedPaths;
}

/** Reads the main file; a fault outside of programs and defaults makes it useless. */
function readMainFile(
  path: string,
  home: string,
  reader: Reader,
  fatal: IssueList,
): ReadFile | undefined {
  const { uid } = reader;
  const place = { file: path, line: undefined };
  const file = readFile(path, place, reader, fatal);
  if (file === "no-file") {
    fatal.error(place, isThere(path) ? "is no file" : MISSING);
  }
  if (file === undefined || file === "no-file") {
    const isHome = dirname(path) === home;
    // Root was told already whose file it is.
    const isDoubtful = file === "no-file" || (uid !== 0 && !isOf(home, uid));
    const doubt = isHome && isDoubtful ? doubtHome(home, uid) : undefined;
    if (doubt !== undefined) fatal.error(place, doubt);
    return undefined;
  }
  const unsafe = describeUnsafe(dirname(path), statSync(dirname(path)), uid);
  if (unsafe !== undefined) fatal.error(place, `the folder ${dirname(path)} ${unsafe}`);
  for (const fault of file.faults) {
    const top = topOf(fault.owner);
    if (top === undefined || top.name === "Main")
      fatal.error({ file: path, line: fault.line }, fault.message);
  }
  if (!file.root.sections.has("Main")) {
    const other = [...file.root.sections.values()].find(
      ({ name }) => name.toLowerCase() === "main",
    );
    const isPart = [...file.root.sections.keys()].some((name) =>
      /^(Program|DefaultSettings):/.test(name),
    );
    const advice = other
      ? `, spelt so; there is [${other.name}] in line ${other.line}`
      : `; begin the file with it${isPart ? PART : ""}`;
    fatal.error(place, `there must be a section [Main]${advice}`);
  }
  return file;
}

const PART =
  ", or put it, as a part, into the folder that config_dir names in [Main] of your main file, and check that";

const MISSING = "does not exist; usrsvcd init writes one to begin with";

/** Reads the `*.cfg` of a folder, sorted by the bytes of their names. */
function readFolder(
  path: string,
  place: Place,
  reader: Reader,
  fatal: IssueList,
  further: IssueList,
): ReadFile[] {
  const { uid, paths } = reader;
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
    names = readdirSync(real);
    ({ isShared } = paths.folder(real));
    isOurs = stat.uid === uid && !isShared;
  } catch (error) {
    if (error instanceof UntrustedPath) {
      fatal.error(place, `config_dir: ${error.message}`);
      return [];
    }
    const problem = describe(error);
    const advice = problem === "does not exist" ? "; create it, or leave config_dir out" : "";
    fatal.error(place, `config_dir: the folder ${JSON.stringify(path)} ${problem}${advice}`);
    return [];
  }
  const other = names.find((name) => /\.(conf|config|cnf|ini)$/.test(name));
  if (other !== undefined && !names.some((name) => name.endsWith(".cfg"))) {
    further.warn(
      place,
      `config_dir: only files called *.cfg are read, and there is ${other}, but no such one`,
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

/** So many files of others are named, each in a warning of its own. */
const MOST_NAMED = 10;

/**
 * The files but those of other accounts. Whatever these put into a folder where they may write, or an
 * administrator beside our files, is no fault in ours: it is passed over, with a warning.
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
    const own = "keep your own in a folder that only you may write to, and name that in config_dir";
    if (passed <= MOST_NAMED) {
      further.warn(
        { file, line: undefined },
        `${why}, and is passed over, since it would run as you: remove it, or ${own}`,
      );
    }
    return false;
  });
  const more = passed - MOST_NAMED;
  if (more > 0) {
    further.warn(
      { file: folder.path, line: undefined },
      `${more} more files of others are passed over`,
    );
  }
  return ours;
}

/** Undefined for what is the user's or root's alone. */
function describeOther(file: string, isShared: boolean, paths: TrustedPaths): string | undefined {
  try {
    const stat = lstatSync(file, { throwIfNoEntry: false });
    if (stat === undefined) return undefined; // removed meanwhile
    if (!paths.isOurs(stat)) return `belongs to ${nameOf(stat.uid)}`;
    if (!isShared || stat.isDirectory() || stat.nlink === 1) return undefined;
    return "has a second name elsewhere, perhaps by another account (ln)";
  } catch (error) {
    return describe(error);
  }
}

/** Reads and parses one file; undefined, and an issue, if that cannot be done. */
function readFile(
  path: string,
  place: Place,
  reader: Reader,
  issues: IssueList,
): ReadFile | "no-file" | undefined {
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
  return { path, ...parseConfigobj(decoded.text) };
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
    // Nobody can put anything else there between this and the look at what was opened.
    const { real, isShared } = paths.follow(resolve(path));
    // Without O_NONBLOCK a pipe would make us wait for a writer.
    descriptor = openSync(real, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) return "no-file";
    const unsafe =
      isShared && uid !== 0 && !paths.isOurs(stats)
        ? `belongs to ${nameOf(stats.uid)}, and what stands in it would run as you: remove it, and use a folder that only you may write to`
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
    issues.error(place, describe(error));
    return undefined;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** Why a file that is ours may not be one that we have put there. */
function describeName(
  descriptor: number,
  { nlink }: { readonly nlink: number },
  isShared: boolean,
): string | undefined {
  if (isProcFile(descriptor)) return "is a file of /proc, in which others have a say";
  if (!isShared || nlink === 1) return undefined;
  return "has a second name elsewhere, in a folder that others may write to; move it to a folder of your own";
}

function isBelow(path: string, { home, realHome }: HostFacts): boolean {
  return path.startsWith(`${home}/`) || path.startsWith(`${realHome}/`);
}

function hostFacts(home: string, uid: number): HostFacts {
  const folders = new Map<string, boolean>();
  const isFolder = (path: string): boolean => {
    const known = folders.get(path) ?? statFolder(path);
    folders.set(path, known);
    return known;
  };
  return { home, realHome: realPath(home), uid, isFolder, exists: isThere };
}

function statFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

function isThere(path: string): boolean {
  return existsSync(path);
}

function isOf(path: string, uid: number): boolean {
  try {
    return statSync(path).uid === uid;
  } catch {
    return false;
  }
}

/**
 * A link that leads nowhere is not missing, but wrong. What is there by no name is no file: a pipe of
 * `/dev/fd`.
 */
function isMissing(error: unknown, path: string): boolean {
  const isGone = error instanceof Error && "code" in error && error.code === "ENOENT";
  return isGone && (existsSync(path) || lstatSync(path, { throwIfNoEntry: false }) === undefined);
}

function describe(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOENT") return "does not exist";
  if (code === "EACCES") return "may not be read by you";
  if (code === "ENOTDIR") return "is no folder, or a part of the path is none";
  if (error instanceof Error) return `cannot be read: ${error.message}`;
  throw error;
}
