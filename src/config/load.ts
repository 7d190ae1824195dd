import { existsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { doubtHome } from "../lib/accounts.ts";
import { realPath } from "../lib/same-file.ts";
import { TrustedPaths } from "../lib/trusted-path.ts";
import type { Section } from "./configobj/configobj.ts";
import { type AdviceFacts, Advisor } from "./advice.ts";
import { parseConfigobj } from "./configobj/configobj.ts";
import { type HostsSettings, readHosts } from "./hosts.ts";
import { IssueList, sortIssues } from "./issue-list.ts";
import { ConfigError, formatIssue, type Place } from "./issue.ts";
import { describeUnsafe } from "./ownership.ts";
import { envFileReader } from "./read-env-file.ts";
import { readFile, type Reader } from "./read-file.ts";
import { readFolder } from "./read-folder.ts";
import type { ReadFile } from "./resolve/defaults.ts";
import { type HostFacts, resolveMain } from "./resolve/main.ts";
import { resolvePrograms } from "./resolve/resolve.ts";
import { hostVariables } from "./resolve/variables.ts";
import { defaultStateDir } from "./schema.ts";
import { topOf } from "./section-names.ts";
import type { MainSettings, Settings } from "./settings.ts";

export interface LoadOptions {
  /** The main file; `usrsvc.cfg` in `home` by default. */
  readonly path?: string | undefined;
  readonly home: string;
  readonly uid: number;
  /** For `%(ENV_NAME)s`; our own by default. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Facts for advice; without them, only what is wrong becomes an issue. */
  readonly advice?: ((main: MainSettings) => AdviceFacts) | undefined;
  /**
   * Texts of files, by absolute path, that count instead of what the disk has: a change before it is made. What
   * is neither the main file nor in its `config_dir` is read after these.
   */
  readonly texts?: ReadonlyMap<string, string> | undefined;
}

/**
 * Reads the main file and all `*.cfg` of its `config_dir`.
 *
 * It reads synchronously: nothing else can be done before. A file in `config_dir` that cannot be read
 * is ignored, like a faulty program, with an error among the issues.
 *
 * @throws {ConfigError} when the main file or `config_dir` cannot be used
 */
export function loadSettings({ advice, ...options }: LoadOptions): Settings {
  const { home, texts } = options;
  const { mainPath, mainFile, section, main, host, reader, fatal } = readMain(options);
  const line = section.entries.get("config_dir")?.line;
  const further = new IssueList(undefined);
  const folder = main.configDir;
  const listed =
    folder === undefined
      ? []
      : readFolder(folder, { file: mainPath, line }, reader, fatal, further);
  const files = texts === undefined ? listed : withFurther(texts, mainPath, listed);
  const advisor = advice && new Advisor(advice(main), home, main);
  const place = (key: string): Place => ({
    file: mainPath,
    line: (section.entries.get(key) ?? section).line,
  });
  advisor?.main(main, place, further);
  const { programs, faulty, issues } = resolvePrograms([mainFile, ...files], {
    ...host,
    stateDir: main.stateDir,
    envFile: envFileReader(reader),
    advisor,
  });
  const advised =
    advisor === undefined ? [] : [mainFile, ...files].flatMap((file) => advisor.file(file));
  // A line outside of programs that cannot be read is reported twice.
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

/**
 * What `loadSettings` would make of a main file that is not written yet, and would be at `path`: its `[Main]` has
 * no `config_dir`. What is wrong is among the issues.
 */
export function settingsOfText(
  text: string,
  { path, home, uid, env = process.env, advice }: LoadOptions & { readonly path: string },
): Settings {
  const file = { path, ...parseConfigobj(text) };
  const host = hostFacts(home, uid, env);
  const issues = new IssueList(undefined);
  const section = file.root.sections.get("Main") ?? file.root;
  const main = resolveMain({ section, file: path }, host, issues);
  const { programs, faulty, ...more } = resolvePrograms([file], {
    ...host,
    stateDir: main.stateDir,
    envFile: envFileReader({ uid, paths: new TrustedPaths(uid) }),
    advisor: advice && new Advisor(advice(main), home, main),
  });
  return { main, programs, faulty, issues: sortIssues([...issues.issues, ...more.issues], [path]) };
}

/** What is on no disk yet, and would be in no folder that is read. */
function withFurther(
  texts: ReadonlyMap<string, string>,
  mainPath: string,
  files: readonly ReadFile[],
): readonly ReadFile[] {
  const known = new Set([mainPath, ...files.map(({ path }) => path)]);
  const further = [...texts].filter(([path]) => !known.has(path));
  return [...files, ...further.map(([path, text]) => ({ path, ...parseConfigobj(text) }))];
}

/**
 * Reads only `[Main]`, for who needs no program: most of a load is theirs.
 *
 * @throws {ConfigError} when the main file cannot be used
 */
export function loadMain(options: Omit<LoadOptions, "advice">): MainSettings {
  const { mainPath, main, fatal } = readMain(options);
  if (fatal.hasErrors) throw new ConfigError(sortIssues(fatal.issues, [mainPath]), main.stateDir);
  return main;
}

/** What a load begins with. */
interface MainPart {
  readonly mainPath: string;
  readonly mainFile: ReadFile;
  readonly section: Section;
  readonly main: MainSettings;
  readonly host: HostFacts;
  readonly reader: Reader;
  readonly fatal: IssueList;
}

function readMain({ path, home, uid, env = process.env, texts }: LoadOptions): MainPart {
  const mainPath = path ?? join(home, "usrsvc.cfg");
  const fatal = new IssueList(undefined);
  const reader = { uid, paths: new TrustedPaths(uid), texts };
  const mainFile = readMainFile(mainPath, home, reader, fatal);
  const host = hostFacts(home, uid, env);
  const section = mainFile?.root.sections.get("Main");
  if (mainFile === undefined || section === undefined)
    throw new ConfigError(sortIssues(fatal.issues, [mainPath]), defaultStateDir(host.realHome));

  const main = resolveMain({ section, file: mainPath }, host, fatal);
  // Root would leave folders of its own in somebody's home, who could forge what it records.
  const isElsewhere = uid === 0 && isBelow(main.stateDir, host) && !isOf(home, uid);
  const doubt = isElsewhere ? doubtHome(home, uid) : undefined;
  if (doubt !== undefined) fatal.error({ file: mainPath, line: undefined }, doubt);
  return { mainPath, mainFile, section, main, host, reader, fatal };
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
    fatal.error(place, isThere(path) ? "is not a file" : MISSING);
  }
  if (file === undefined || file === "no-file") {
    const isHome = dirname(path) === home;
    // The error for root already says whose file it is.
    const isDoubtful = file === "no-file" || (uid !== 0 && !isOf(home, uid));
    const doubt = isHome && isDoubtful ? doubtHome(home, uid) : undefined;
    if (doubt !== undefined) fatal.error(place, doubt);
    return undefined;
  }
  checkFolderOf(path, uid, fatal);
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
    const foreign = [...file.root.sections.keys()].find((name) => FOREIGN.test(name));
    const advice = other
      ? `, spelt exactly so; line ${other.line} has [${other.name}]`
      : foreign !== undefined && !isPart
        ? `; [${foreign}] is one of another manager, whose files usrsvc import translates`
        : `; begin the file with it${isPart ? PART : ""}`;
    fatal.error(place, `there must be a section [Main]${advice}`);
  }
  return file;
}

/** Sections of supervisor, and of units of systemd. */
const FOREIGN =
  /^(((fcgi-)?program|eventlistener|group):.*|supervisord|supervisorctl|unix_http_server|Service|Unit|Timer)$/;

/** Whoever can write to its folder can put another main file there. */
function checkFolderOf(path: string, uid: number, issues: IssueList): void {
  const unsafe = describeUnsafe(dirname(path), statSync(dirname(path)), uid);
  const place = { file: path, line: undefined };
  if (unsafe !== undefined) issues.error(place, `the folder ${dirname(path)} ${unsafe}`);
}

/**
 * Reads `[Hosts]` of the main file and nothing else of it: an operator's machine may run no program. Undefined: there is no such file.
 *
 * @throws {ConfigError} when the file cannot be used
 */
export function loadHosts({
  path,
  home,
  uid,
  env = process.env,
}: LoadOptions & { readonly path: string }): HostsSettings | undefined {
  const issues = new IssueList(undefined);
  const reader = { uid, paths: new TrustedPaths(uid) };
  const file = readFile(path, { file: path, line: undefined }, reader, issues);
  if (file === "no-file" && !isThere(path)) return undefined;
  if (file === "no-file") issues.error({ file: path, line: undefined }, "is not a file");
  else if (file !== undefined) checkFolderOf(path, uid, issues);
  if (file === undefined || file === "no-file" || issues.hasErrors)
    throw new ConfigError(issues.issues, defaultStateDir(realPath(home)));
  return readHosts(file, path, hostVariables({ realHome: realPath(home), env }));
}

const PART =
  ", or, if it is one part of a configuration, move it to the config_dir of your main file and check that file";

const MISSING = "does not exist; usrsvcd init writes one to start from";

function isBelow(path: string, { home, realHome }: HostFacts): boolean {
  return path.startsWith(`${home}/`) || path.startsWith(`${realHome}/`);
}

function hostFacts(home: string, uid: number, env: HostFacts["env"]): HostFacts {
  const folders = new Map<string, boolean>();
  const isFolder = (path: string): boolean => {
    const known = folders.get(path) ?? statFolder(path);
    folders.set(path, known);
    return known;
  };
  return { home, realHome: realPath(home), uid, env, isFolder, exists: isThere };
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
