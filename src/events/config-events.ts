import { type ConfigIssue, formatIssue } from "../config/issue.ts";
import { assertNever } from "../lib/assert-never.ts";
import { type Rows, unlogged } from "./row.ts";

/** Something is wrong in the configuration, or is not applied yet. */
type Problem = { readonly kind: "config.problem" } & (
  | {
      readonly what: ConfigIssue["severity"];
      readonly program: string | undefined;
      readonly file: string;
      readonly line: number | undefined;
      readonly message: string;
    }
  /** A key of `[Main]`. */
  | { readonly what: "needs-restart"; readonly key: string }
  /** Folders that were missing are there, but what is configured was changed, or cannot be read. */
  | {
      readonly what: "not-read-again";
      readonly folders: readonly string[];
      readonly reason: string;
    }
  | { readonly what: "changed-as-well"; readonly folders: readonly string[] }
);

interface Reread {
  readonly kind: "config.reread";
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
  /** Programs that run with older settings until they are restarted. */
  readonly atRestart: readonly string[];
  /** Those that were missing, where nobody asked for a reread. */
  readonly folders: readonly string[] | undefined;
}

/** Of the configuration. */
export type ConfigEvent =
  Problem | Reread | { readonly kind: "config.rejected"; readonly problems: readonly string[] };

export const configEvents = {
  "config.problem": {
    level: { among: ["warn", "error"], of: ({ what }) => (what === "error" ? "error" : "warn") },
    sentence: describeProblem,
    fields: {
      what: {
        error: "",
        warning: "",
        "needs-restart": "of usrsvcd, for `key`",
        "not-read-again": "although missing `folders` are there",
        "changed-as-well": "so that a reread is needed",
      },
      file: "",
      line: "",
      message: unlogged,
      key: "",
      folders: "",
      reason: "",
    },
  },
  "config.reread": {
    level: "info",
    sentence: describeReread,
    fields: {
      added: "",
      removed: "",
      changed: "",
      atRestart: "programs that run with older settings until they are restarted",
      folders: "that were missing, where nobody asked for a reread",
    },
  },
  "config.rejected": {
    level: "error",
    sentence: ({ problems }) =>
      `configuration rejected, the old one is kept: ${problems[0] ?? "unknown"}`,
    fields: { problems: "" },
  },
} satisfies Rows<ConfigEvent>;

function describeProblem(event: Problem): string {
  switch (event.what) {
    case "error":
    case "warning": {
      const { what: severity, program, file, line, message } = event;
      const text = formatIssue({ severity, program, place: { file, line }, message });
      const isAside = severity === "error" && program !== undefined;
      return isAside ? `${text}; ${program} is set aside` : text;
    }
    case "needs-restart":
      return `${event.key} of [Main] needs: usrsvcd restart`;
    case "not-read-again":
      return `${areThere(event.folders)}, but the configuration cannot be read again: ${event.reason}`;
    case "changed-as-well":
      return `${areThere(event.folders)}, but the configuration has also changed: run usrsvcd reread to apply it`;
    default:
      return assertNever(event);
  }
}

function areThere(folders: readonly string[]): string {
  return `${folders.join(", ")} ${folders.length > 1 ? "are" : "is"} there now`;
}

function describeReread(event: Reread): string {
  const { added, removed, changed, atRestart, folders } = event;
  if (folders !== undefined)
    return `${areThere(folders)}: no longer set aside: ${added.join(", ")}`;
  const runOn =
    atRestart.length === 0
      ? ""
      : `; until they are, these keep running with older settings: ${atRestart.join(", ")}`;
  return (
    `configuration read again: ${added.length} added, ${removed.length} removed, ` +
    `${changed.length} changed; nothing was restarted${runOn}`
  );
}
