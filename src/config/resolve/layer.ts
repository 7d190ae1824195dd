import { shownName } from "../../lib/secrets.ts";
import type { Section } from "../configobj/configobj.ts";
import type { IssueList } from "../issue-list.ts";
import { nearest } from "../nearest.ts";
import type { monitorSchema, programSchema } from "../schema.ts";
import {
  findValues,
  type FoundValues,
  type PlacedSection,
  resolveEntry,
} from "./section-reader.ts";
import { shownSection } from "../shown.ts";
import type { Table } from "./table.ts";

/** A Program or DefaultSettings section with its subsections, not yet converted. */
export interface Layer {
  readonly keys: FoundValues;
  readonly monitor: FoundValues | undefined;
  readonly env: ReadonlyMap<string, string>;
}

const EMPTY = new Map<string, never>();

/** Collects the content of a section; what does not belong there becomes an issue. */
export function readLayer(
  placed: PlacedSection,
  program: Table<typeof programSchema>,
  monitor: Table<typeof monitorSchema>,
  issues: IssueList,
): Layer {
  const { section, file, variables } = placed;
  let watched: Section | undefined;
  let env: Layer["env"] = EMPTY;
  for (const sub of section.sections.values()) {
    const { name, line } = sub;
    if (name === "Env") {
      env = readEnv({ section: sub, file, variables }, issues);
    } else if (name !== "Monitor" && name !== "Monitoring") {
      issues.error({ file, line }, unknownSection(name));
    } else if (watched) {
      const other = `[[${watched.name}]], on line ${watched.line}`;
      issues.error({ file, line }, `[[${name}]]: already exists as ${other}; merge the two`);
    } else {
      watched = sub;
      rejectSections({ section: sub, file }, issues);
    }
  }
  return {
    keys: findValues(withoutSections(placed, issues), program, issues),
    monitor: watched && findValues({ section: watched, file, variables }, monitor, issues),
    env,
  };
}

function unknownSection(name: string): string {
  if (name === "DEFAULT") {
    return "unknown section [[DEFAULT]]; put values for %(name)s in a [DEFAULT] of the file";
  }
  const near = nearest(name, SUBSECTIONS);
  const advice =
    near === undefined ? "known are [[Env]] and [[Monitor]]" : `did you mean [[${near}]]?`;
  return `unknown section [[${shownSection(name)}]]; ${advice}`;
}

const SUBSECTIONS = ["Env", "Monitor", "Monitoring"];

/** Removes keys that ought to be sections: `Env = A=1`. */
function withoutSections(placed: PlacedSection, issues: IssueList): PlacedSection {
  const { section, file, variables } = placed;
  if (!SUBSECTIONS.some((name) => section.entries.has(name))) return placed;
  const entries = new Map(section.entries);
  for (const name of SUBSECTIONS) {
    const line = entries.get(name)?.line;
    if (line === undefined) continue;
    issues.error(
      { file, line },
      `${name}: must be a section, [[${name}]], with its keys on the lines below`,
    );
    entries.delete(name);
  }
  return { section: { ...section, entries }, file, variables };
}

function readEnv(placed: PlacedSection, issues: IssueList): Layer["env"] {
  const { section, file } = placed;
  const env = new Map<string, string>();
  rejectSections(placed, issues);
  for (const [name, entry] of section.entries) {
    const found = resolveEntry(placed, name, entry, issues);
    if (found === undefined) continue;
    const { text } = found;
    if (name === "" || /[=\0]/.test(name)) {
      issues.error(
        { file, line: entry.line },
        `${JSON.stringify(shownName(name))} is not a valid name for a variable`,
      );
    } else if (text.includes("\0")) {
      issues.error(
        { file, line: entry.line },
        `${shownName(name)}: must not contain a NUL character`,
      );
    } else {
      env.set(name, text);
    }
  }
  return env;
}

function rejectSections({ section, file }: PlacedSection, issues: IssueList): void {
  for (const { name, line } of section.sections.values()) {
    issues.error(
      { file, line },
      `unknown section [[[${shownSection(name)}]]]: [[${section.name}]] has no subsections`,
    );
  }
}
