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
import { dirname, join } from "node:path";
import { doubtHome } from "../accounts.ts";
import { parseConfigobj } from "./configobj.ts";
import { IssueList, sortIssues } from "./issue-list.ts";
import { ConfigError, formatIssue, type Place } from "./issue.ts";
import { type AdviceFacts, Advisor } from "./advice.ts";
import type { ReadFile } from "./defaults.ts";
import { describeUnsafe } from "./ownership.ts";
import { defaultStateDir, type HostFacts, resolveMain } from "./resolve-main.ts";
import { resolvePrograms } from "./resolve.ts";
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
  const mainFile = readMainFile(mainPath, home, uid, fatal);
  const host = hostFacts(home, uid);
  const section = mainFile?.root.sections.get("Main");
  if (mainFile === undefined || section === undefined)
    throw new ConfigError(sortIssues(fatal.issues, [mainPath]), defaultStateDir(host));

  const main = resolveMain({ section, file: mainPath }, host, fatal);
  const line = section.entries.get("config_dir")?.line;
  const further = new IssueList(undefined);
  const folder = main.configDir;
  const files =
    folder === undefined ? [] : readFolder(folder, { file: mainPath, line }, uid, fatal, further);
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

/** Reads the main file; a fault outside of programs and defaults makes it useless. */
function readMainFile(
  path: string,
  home: string,
  uid: number,
  fatal: IssueList,
): ReadFile | undefined {
  const place = { file: path, line: undefined };
  const file = readFile(path, place, uid, fatal);
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
  uid: number,
  fatal: IssueList,
  further: IssueList,
): ReadFile[] {
  let names: string[];
  try {
    const unsafe = describeUnsafe(path, statSync(path), uid);
    if (unsafe !== undefined) fatal.error(place, `config_dir: the folder ${path} ${unsafe}`);
    names = readdirSync(path);
  } catch (error) {
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
  return names
    .filter((name) => name.endsWith(".cfg") && !name.startsWith("."))
    .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .map((name) => {
      const file = join(path, name);
      return readFile(file, { file, line: undefined }, uid, further);
    })
    .filter((file) => file !== undefined && file !== "no-file");
}

/** Reads and parses one file; undefined, and an issue, if that cannot be done. */
function readFile(
  path: string,
  place: Place,
  uid: number,
  issues: IssueList,
): ReadFile | "no-file" | undefined {
  const bytes = readBytes(path, place, uid, issues);
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
  uid: number,
  issues: IssueList,
): Uint8Array | "no-file" | undefined {
  let descriptor: number | undefined;
  try {
    // Without O_NONBLOCK a pipe would make us wait for a writer.
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) return "no-file";
    const unsafe = describeUnsafe(path, stats, uid);
    if (unsafe === undefined) return readFileSync(descriptor);
    issues.error(place, unsafe);
    return undefined;
  } catch (error) {
    if (isMissing(error, path)) return "no-file";
    issues.error(place, describe(error));
    return undefined;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function hostFacts(home: string, uid: number): HostFacts {
  const folders = new Map<string, boolean>();
  const isFolder = (path: string): boolean => {
    const known = folders.get(path) ?? statFolder(path);
    folders.set(path, known);
    return known;
  };
  return { home, uid, isFolder, exists: isThere };
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

/** A link that leads nowhere is not missing, but wrong. */
function isMissing(error: unknown, path: string): boolean {
  const isGone = error instanceof Error && "code" in error && error.code === "ENOENT";
  return isGone && lstatSync(path, { throwIfNoEntry: false }) === undefined;
}

function describe(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOENT") return "does not exist";
  if (code === "EACCES") return "may not be read by you";
  if (code === "ENOTDIR") return "is no folder, or a part of the path is none";
  if (error instanceof Error) return `cannot be read: ${error.message}`;
  throw error;
}
