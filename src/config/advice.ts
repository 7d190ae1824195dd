import { maskWords } from "../lib/secrets.ts";
import { adviseCommands, type WhyNot } from "./advise-commands.ts";
import { adviseEnv } from "./advise-env.ts";
import { adviseJob } from "./advise-jobs.ts";
import { adviseRestarts } from "./advise-restarts.ts";
import type { ReadFile } from "./resolve/defaults.ts";
import { IssueList } from "./issue-list.ts";
import type { ConfigIssue, Place } from "./issue.ts";
import type { Unsure } from "./resolve/table.ts";
import { DEFAULTS, nameAfter, PROGRAM } from "./section-names.ts";
import type { MainSettings, ProgramSettings } from "./settings.ts";
import { beginsWithShellSyntax, findShellSyntax } from "./shell/syntax.ts";

/** A remark on one key. */
export interface Remark {
  readonly key: string;
  readonly text: string;
}

/**
 * Facts about the machine that advice depends on. Each text is the end of a sentence that begins
 * with the key.
 */
export interface AdviceFacts {
  /** Objections to `[Main]`, as far as its values can be read. */
  ofMain(main: MainSettings): readonly Remark[];
  /** Why no mail can be sent; undefined when it can. */
  ofMail(main: MainSettings): string | undefined;
  /** Why the program could not be executed, judging by `settings`. */
  ofCommand(settings: Unsure<ProgramSettings>): string | undefined;
  /** The same of another command that runs as it does. */
  readonly ofWords: WhyNot;
  /** What the program cannot be given here, whatever else is right: limits, priorities. */
  ofLimits(settings: Unsure<ProgramSettings>): readonly Remark[];
  /** What else speaks against a start, and against the places of its files. */
  ofFiles(settings: ProgramSettings): readonly Remark[];
  /** Processes that `proctitle_re` matches, but that do not belong to the program. */
  strangers(settings: ProgramSettings): readonly string[];
}

const UNMEASURED =
  "measures only the shell, because the command line does not end in a command that the shell waits for; " +
  "set proctitle_re, or start the program without useshell";

/** Hashes, which anybody may see: jupyter's `password=argon2:…`. */
const HASH = /\b(argon2|bcrypt|pbkdf2|scrypt|sha\d+)|\$\d\w?\$/;
const SEEN_BY_ALL =
  "contains what looks like a password, which every account on this machine can see in ps; pass it in " +
  "[[Env]] or in a file";

/**
 * Reports what is valid, but unlikely to be intended: for commands that check a configuration, not for
 * those that use it.
 */
export class Advisor {
  readonly #facts: AdviceFacts;
  readonly #home: string;
  readonly #mail: string | undefined;
  #isMailTold = false;

  constructor(facts: AdviceFacts, home: string, main: MainSettings) {
    this.#facts = facts;
    this.#home = home;
    this.#mail = facts.ofMail(main);
  }

  main(main: MainSettings, whereIs: (key: string) => Place, issues: IssueList): void {
    for (const { key, text } of this.#facts.ofMain(main))
      issues.warn(whereIs(key), `${key}: ${text}`);
  }

  program(
    settings: Unsure<ProgramSettings>,
    whereIs: (key: string) => Place,
    issues: IssueList,
  ): void {
    const { command, useshell, enabled, match, emailAlerts } = settings;
    for (const { key, text } of [...adviseRestarts(settings), ...adviseJob(settings)])
      issues.warn(whereIs(key), `${key}: ${text}`);
    const isBare = command !== undefined && useshell === false;
    const tell = (key: string, text: string): void => issues.warn(whereIs(key), `${key}: ${text}`);
    const words = settings.argv ?? [];
    const masked = maskWords(words).findIndex((word, index) => word !== words[index]);
    if (masked >= 0 && !HASH.test(words[masked] ?? "")) tell("command", SEEN_BY_ALL);
    for (const text of isBare ? findShellSyntax(command, this.#home) : []) tell("command", text);
    if (enabled !== false && !(isBare && beginsWithShellSyntax(command))) {
      const text = this.#facts.ofCommand(settings);
      if (text !== undefined) tell("command", text);
    }
    for (const { key, text } of adviseCommands(settings, this.#home, this.#facts.ofWords)) {
      tell(key, text);
    }
    // Then the shell is measured: a pipe, a loop.
    const isUnmeasured = useshell === true && match?.kind === "command" && match.main === undefined;
    if (isUnmeasured && (settings.monitor?.rssLimitBytes ?? 0) > 0) tell("rss_limit", UNMEASURED);
    if (match?.kind === "title") {
      const text = describeBlindTitle(match);
      if (text !== undefined) tell("proctitle_re", text);
      else if (isWhole(settings)) this.#strangers(settings, tell);
    }
    if (isWhole(settings) && settings.autopid && namesPidfile(settings)) {
      tell(
        "pidfile",
        `${settings.pidfile} also appears in the command: if the program writes it, set autopid = False; ` +
          "otherwise usrsvc writes it first, and many programs refuse to start when it names a running process",
      );
    }
    if (isWhole(settings) && settings.enabled && !issues.hasErrors) {
      for (const { key, text } of this.#facts.ofFiles(settings)) tell(key, text);
    }
    for (const { key, text } of this.#facts.ofLimits(settings)) {
      issues.error(whereIs(key), `${key}: ${text}`);
    }
    if (emailAlerts !== undefined && emailAlerts.length > 0 && this.#mail !== undefined) {
      if (!this.#isMailTold) tell("email_alerts", this.#mail); // the same for all programs
      this.#isMailTold = true;
    }
  }

  /** Shell syntax in the sections `[[Env]]` of a file, which no shell will interpret. */
  file({ path, root }: ReadFile): readonly ConfigIssue[] {
    return [...root.sections.values()].flatMap((section) => {
      const program = nameAfter(PROGRAM, section);
      const env = section.sections.get("Env");
      if (env === undefined) return [];
      if (program === undefined && nameAfter(DEFAULTS, section) === undefined) return [];
      const issues = new IssueList(program);
      adviseEnv(env, path, this.#home, issues);
      return issues.issues;
    });
  }

  #strangers(settings: ProgramSettings, tell: (key: string, text: string) => void): void {
    const found = this.#facts.strangers(settings);
    if (found.length === 0 || settings.match.kind !== "title") return;
    const shown =
      found.slice(0, 3).join("; ") + (found.length > 3 ? `; ${found.length - 3} more` : "");
    tell(
      "proctitle_re",
      `${JSON.stringify(settings.match.source)} matches what is running now and was not started by usrsvc as ` +
        `${settings.name}: ${shown}; if that is another program, use words that only ${settings.name} has`,
    );
  }
}

/** As a word of its own or the end of one: `-p X`, `--pidfile=X`, `pid X;`. */
function namesPidfile({ argv, directory, pidfile }: ProgramSettings): boolean {
  const words = argv.flatMap((word) => word.split(/[\s=;'"]+/));
  return words.some((word) => word === pidfile || `${directory}/${word}` === pidfile);
}

function isWhole(settings: Unsure<ProgramSettings>): settings is ProgramSettings {
  return (
    settings.argv !== undefined &&
    settings.match !== undefined &&
    settings.pidfile !== undefined &&
    settings.stdout !== undefined &&
    settings.stderr !== undefined &&
    settings.directory !== undefined &&
    settings.inheritEnv !== undefined &&
    settings.autopid !== undefined
  );
}

/** Two command lines that have nothing in common. */
const UNLIKELY = ["/q7/zxw --jv", "0"];

function describeBlindTitle({
  source,
  regex,
}: {
  source: string;
  regex: RegExp;
}): string | undefined {
  const shown = JSON.stringify(source);
  const advice = "use words that only this program has in its command line";
  if (UNLIKELY.every((title) => regex.test(title))) {
    return `${shown} matches every command line, so any process would be taken for the program; ${advice}`;
  }
  return regex.test("")
    ? `${shown} matches only an empty command line, which no program has; ${advice}`
    : undefined;
}
