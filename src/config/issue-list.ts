import type { ConfigIssue, Place } from "./issue.ts";

/** Gathers the issues of one program, or of what belongs to none. */
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
    this.issues.push({ place, severity: "error", program: this.#program, message });
  }

  warn(place: Place, message: string): void {
    this.issues.push({ place, severity: "warning", program: this.#program, message });
  }
}

/** Sorts issues as their places follow each other: by file, in the order of `files`, then by line. */
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
