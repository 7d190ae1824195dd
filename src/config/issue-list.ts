import { maskSecrets } from "../lib/secrets.ts";
import type { ConfigIssue, Place } from "./issue.ts";

/**
 * Gathers the issues of one program, or of what belongs to none. The messages come without values that
 * may be secret (see shown.ts); what looks like a secret is masked here all the same.
 */
export class IssueList {
  readonly issues: ConfigIssue[] = [];
  readonly #program: string | undefined;

  constructor(program: string | undefined) {
    this.#program = program;
  }

  get hasErrors(): boolean {
    return this.issues.some((issue) => issue.severity === "error");
  }

  error(place: Place, message: string): void {
    this.#add(place, "error", message);
  }

  warn(place: Place, message: string): void {
    this.#add(place, "warning", message);
  }

  #add(place: Place, severity: ConfigIssue["severity"], message: string): void {
    this.issues.push({ place, severity, program: this.#program, message: maskSecrets(message) });
  }
}

/** Sorts issues by place: by file, in the order of `files`, then by line. */
export function sortIssues(
  issues: readonly ConfigIssue[],
  files: readonly string[],
): readonly ConfigIssue[] {
  const order = new Map(files.map((file, index) => [file, index]));
  const fileOf = ({ place }: ConfigIssue): number => order.get(place.file) ?? files.length;
  return issues.toSorted(
    (a, b) => fileOf(a) - fileOf(b) || (a.place.line ?? 0) - (b.place.line ?? 0),
  );
}
