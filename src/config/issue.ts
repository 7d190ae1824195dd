/** A place in a configuration file. Lines count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number | undefined;
}

/** One thing that is wrong (or doubtful) in the configuration. */
export interface ConfigIssue {
  readonly place: Place;
  /** `error`: what it concerns cannot be used. `warning`: it works, but perhaps not as meant. */
  readonly severity: "error" | "warning";
  /** The program that this concerns; undefined where it concerns a whole file or `[Main]`. */
  readonly program: string | undefined;
  /** `key: what is wrong and what was wanted`, one sentence without a full stop. */
  readonly message: string;
}

/** `file:line: key: value, what was wanted`, as compilers print it. */
export function formatIssue(issue: ConfigIssue): string {
  const { file, line } = issue.place;
  const where = line === undefined ? file : `${file}:${line}`;
  return `${where}: ${issue.severity === "warning" ? "warning: " : ""}${issue.message}`;
}

/** The lines of several issues, each once: an issue in defaults concerns many programs. */
export function formatIssues(issues: readonly ConfigIssue[]): readonly string[] {
  return [...new Set(issues.map(formatIssue))];
}

/** The configuration cannot be used at all: no programs are known. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly issues: readonly ConfigIssue[];
  /** The state folder as far as it is known, so that a running usrsvcd can still be stopped. */
  readonly stateDir: string;

  constructor(issues: readonly ConfigIssue[], stateDir: string) {
    const errors = issues.filter(({ severity }) => severity === "error");
    super(formatIssues(errors).join("\n"));
    this.issues = issues;
    this.stateDir = stateDir;
  }
}
