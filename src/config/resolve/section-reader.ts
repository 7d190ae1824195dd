import { shownName } from "../../lib/secrets.ts";
import type { Entry, Section } from "../configobj/configobj.ts";
import { adviseForeignKey } from "./foreign-keys.ts";
import { interpolate, InterpolationError } from "../configobj/interpolate.ts";
import type { IssueList } from "../issue-list.ts";
import { nearest } from "../nearest.ts";
import { schemas } from "../schema.ts";
import type { Fields, Schema } from "../setting.ts";
import { isSecretKey, shownKey } from "../shown.ts";
import type { RawValue } from "../values.ts";
import type { Variables } from "./variables.ts";
import { NONE, type ReadFields, type Table, type Unsure } from "./table.ts";

/** A section and its file. */
export interface PlacedSection {
  readonly section: Section;
  readonly file: string;
  /** What references may stand for that no section sets. */
  readonly variables?: Variables | undefined;
}

/** A value with its line, references to other values replaced. */
export interface Found extends RawValue {
  readonly line: number;
}

/** Values of one file by key; undefined: the key is set, but its value cannot be read. */
export interface FoundValues {
  readonly file: string;
  readonly values: ReadonlyMap<string, Found | undefined>;
}

/** The value of an entry; undefined, and an issue, where a reference leads nowhere. */
export function resolveEntry(
  { section, file, variables }: PlacedSection,
  key: string,
  entry: Entry,
  issues: IssueList,
): Found | undefined {
  const { line, text, list } = entry;
  if (entry.isCutAtHash) {
    const advice = "quote the value if the # belongs to it";
    issues.warn(
      { file, line },
      `${shownName(key)}: the value ends at the #, where a comment begins; ${advice}`,
    );
  }
  if (!text.includes("%(")) return entry;
  try {
    return {
      text: interpolate(section, key, text, variables),
      list: list?.map((item) => interpolate(section, key, item, variables)),
      isBrokenList: entry.isBrokenList,
      isCutAtHash: entry.isCutAtHash,
      written: text,
      line,
    };
  } catch (error) {
    if (!(error instanceof InterpolationError)) throw error;
    const isShown = !isSecretKey(section, key);
    issues.error({ file, line }, `${shownName(key)}: ${error.describe(isShown)}`);
    return undefined;
  }
}

/** The values of a section by key, other spellings resolved; unknown keys become issues. */
export function findValues<S extends Schema>(
  placed: PlacedSection,
  table: Table<S>,
  issues: IssueList,
): FoundValues {
  const { file, section } = placed;
  if (isPlain(section, table)) return { file, values: section.entries };
  const values = new Map<string, Found | undefined>();
  for (const [name, entry] of section.entries) {
    const value = resolveEntry(placed, name, entry, issues);
    const key = table.spellings.get(name);
    const place = { file, line: entry.line };
    if (key === undefined) issues.error(place, unknownKey(name, entry, table));
    else if (values.has(key))
      issues.error(place, `${name}: is another spelling of ${key}, which is already set`);
    else values.set(key, value);
  }
  for (const name of section.unread) {
    const key = table.spellings.get(name);
    if (key !== undefined && !values.has(key)) values.set(key, undefined);
  }
  return { file, values };
}

/** Whether the entries of a section are its values as they are. */
function isPlain<S extends Schema>(section: Section, { schema }: Table<S>): boolean {
  if (section.unread.size > 0) return false;
  for (const [name, { text, isCutAtHash }] of section.entries) {
    if (isCutAtHash || text.includes("%(") || !Object.hasOwn(schema, name)) return false;
  }
  return true;
}

/** Where values come from, and the home folder that `~/` stands for. */
export interface Sources {
  readonly own: FoundValues | undefined;
  readonly base: FoundValues | undefined;
  readonly home: string;
}

/** `~/` at the beginning of a path, or after the - of one that may be missing, is the home folder. */
function inHome(value: Found, home: string): RawValue {
  const { text, written = text } = value;
  if (!/^-?~\//.test(text)) return value;
  return { ...value, text: text.replace("~", () => home), written };
}

/**
 * Reads the values of `own`, and those of `base` that `own` does not set. What is not set at all gets
 * its default.
 */
export function readFields<S extends Schema>(
  { schema, fallbacks }: Table<S>,
  { own, base, home }: Sources,
  issues: IssueList,
): ReadFields<S> {
  if (own === undefined && base === undefined) return { fields: fallbacks, unread: NONE };
  const fields: Record<string, unknown> = { ...fallbacks };
  const unread: string[] = [];
  for (const layer of [base, own]) {
    if (layer === undefined) continue;
    for (const [key, value] of layer.values) {
      const row = schema[key];
      if (row === undefined || (layer === base && own?.values.has(key))) continue;
      const reading =
        value && row.unit.parse(row.unit.isPath === true ? inHome(value, home) : value);
      if (reading && "value" in reading) {
        if (reading.value !== undefined) fields[row.field] = reading.value;
        continue;
      }
      fields[row.field] = undefined;
      unread.push(key);
      if (value && reading) {
        issues.error({ file: layer.file, line: value.line }, `${key}: ${reading.problem}`);
      }
    }
  }
  return {
    fields: fields as Unsure<Fields<S>>,
    unread: unread.length === 0 ? NONE : new Set(unread),
  };
}

function unknownKey<S extends Schema>(
  name: string,
  { text }: Entry,
  { schema, spellings }: Table<S>,
): string {
  const shown = shownKey(name, text);
  for (const [section, other] of Object.entries(schemas)) {
    if (other !== schema && Object.hasOwn(other, name))
      return `unknown key ${shown} in this section; it belongs in ${titleOf(section)}`;
  }
  const foreign = spellings.has("command") ? adviseForeignKey(name) : undefined;
  if (foreign !== undefined) return `unknown key ${shown}; ${foreign}`;
  const near = nearest(name, spellings.keys());
  if (near !== undefined) return `unknown key ${shown}; did you mean ${near}?`;
  const known = Object.keys(schema);
  return known.length > MOST_NAMED
    ? `unknown key ${shown}; "man usrsvc.cfg" lists the known ones`
    : `unknown key ${shown}; known are ${known.join(", ")}`;
}

/** Number of keys that are named; more hide the other lines on a screen. */
const MOST_NAMED = 20;

function titleOf(section: string): string {
  if (section === "Monitor") return "[[Monitor]]";
  return section === "Program" ? "[Program:NAME]" : `[${section}]`;
}
