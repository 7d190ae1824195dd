import type { ConfigFile } from "../configobj/configobj.ts";
import { IssueList } from "../issue-list.ts";
import type { ConfigIssue } from "../issue.ts";
import type { Layer } from "./layer.ts";
import { didYouMean, nearest } from "../nearest.ts";
import { readSection } from "./program.ts";
import type { Variables } from "./variables.ts";
import { DEFAULTS, nameAfter, topOf } from "../section-names.ts";
import { type PlacedSection, resolveEntry } from "./section-reader.ts";

/** A parsed file with its path. */
export interface ReadFile extends ConfigFile {
  readonly path: string;
}

/** A `[DefaultSettings:NAME]`. */
export interface Defaults extends PlacedSection {
  /** It contains lines that cannot be read, or there are two of this name. */
  readonly isDamaged: boolean;
  /** Read when the first program asks for it, since what nobody uses does no harm; kept unless it differs among programs. */
  content: DefaultsContent | undefined;
}

/** The content of defaults, and the issues that concern each program that uses them. */
export interface DefaultsContent {
  readonly layer: Layer;
  readonly issues: readonly ConfigIssue[];
}

/** Finds the defaults of all files by name. */
export function findDefaults(
  files: readonly ReadFile[],
  issues: IssueList,
): ReadonlyMap<string, Defaults> {
  const found = new Map<string, Defaults>();
  for (const file of files) {
    for (const section of file.root.sections.values()) {
      const name = nameAfter(DEFAULTS, section);
      if (name === undefined) continue;
      const place = { file: file.path, line: section.line };
      const earlier = found.get(name);
      if (name === "") {
        issues.error(
          place,
          "[DefaultSettings:] has no name; write one, as in [DefaultSettings:web]",
        );
      } else if (earlier) {
        const other = `${earlier.file}:${earlier.section.line}`;
        issues.error(
          place,
          `[DefaultSettings:${name}] already exists, in ${other}; rename one of them`,
        );
        found.set(name, { ...earlier, isDamaged: true });
      } else {
        const isDamaged = file.faults.some((fault) => topOf(fault.owner) === section);
        found.set(name, { section, file: file.path, isDamaged, content: undefined });
      }
    }
  }
  return found;
}

/** The content of the defaults that the section of a program names. */
export function chooseDefaults(
  own: PlacedSection,
  table: ReadonlyMap<string, Defaults>,
  variables: DefaultsVariables,
  issues: IssueList,
): DefaultsContent | undefined {
  const { section, file } = own;
  const entry = section.entries.get("defaults");
  // Whoever reads the section reports what is wrong with the value itself.
  const name = entry && resolveEntry(own, "defaults", entry, new IssueList(undefined))?.text;
  if (entry === undefined || name === undefined || name === "") return undefined;
  const place = { file, line: entry.line };
  const base = table.get(name);
  if (base === undefined) {
    const near = nearest(name, table.keys());
    const what = `defaults: there is no [DefaultSettings:${name}] in any file`;
    issues.error(place, `${what}${didYouMean(near)}`);
    return undefined;
  }
  if (base.isDamaged) {
    const where = `${base.file}:${base.section.line}`;
    issues.error(place, `defaults: [DefaultSettings:${name}] has errors (${where})`);
  }
  if (base.content !== undefined) return base.content;
  let isForOne = false;
  const read = readDefaults({ ...base, variables: variables(() => (isForOne = true)) });
  if (!isForOne) base.content = read;
  return read;
}

/** The variables of a program; `onUse` is called when one of them is asked for. */
type DefaultsVariables = (onUse: () => void) => Variables;

function readDefaults(placed: PlacedSection): DefaultsContent {
  const list = new IssueList(undefined);
  const layer = readSection(placed, list);
  return { layer, issues: list.issues };
}
