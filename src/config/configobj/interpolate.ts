import { shownName } from "../../lib/secrets.ts";
import type { Section } from "./configobj.ts";

/** A `%(name)s` that leads nowhere; the caller knows the place. */
export class InterpolationError extends Error {
  override readonly name = "InterpolationError";
  readonly #reference: string | undefined;
  readonly #what: string;

  /** `what` is the rest of a sentence that begins with the reference to `key`, if there is one. */
  constructor(key: string | undefined, what: string) {
    super(key === undefined ? what : `%(${shownName(key)})s ${what}`);
    this.#reference = key;
    this.#what = what;
  }

  /** As one sentence. What looks like a reference in a password may be a part of the password. */
  describe(isShown: boolean): string {
    const key = this.#reference;
    if (key === undefined) return this.#what;
    return isShown ? this.message : `a reference %(…)s in it ${this.#what}`;
  }
}

/**
 * Maximum length of a value, in characters: ten lines of `a = %(b)s%(b)s` make a thousand copies. The kernel
 * accepts no longer argument or variable (MAX_ARG_STRLEN).
 */
const MAX_LENGTH = 128 * 1024;
/** Maximum length of the values of a program together, in characters (ARG_MAX with a stack of 8 MB). */
const MAX_OF_PROGRAM = 2 * 1024 * 1024;
/** Maximum of all insertions in a file, intermediate ones included, in characters: 10,000 programs need less. */
const MAX_OF_FILE = 8 * 1024 * 1024;
/** Cost of a reference that inserts nothing, in characters: looking it up also takes time. */
const STEP = 16;
/** Maximum number of nested references: 1.x hit Python's recursion limit at about as many. */
const MAX_DEPTH = 300;

/**
 * Replaces each `%(name)s` in a value of `section`, as ConfigObj does: the name is searched for in
 * `section`, in its subsection DEFAULT, then in the same two of each section around it, up to the
 * top of the file. A value found may hold references itself; those are looked for from `section` too.
 * What is set nowhere may be one of `variables`; what they hold is taken as it is.
 *
 * @throws {InterpolationError} when a name does not exist, or a value refers back to itself
 */
export function interpolate(
  section: Section,
  key: string,
  text: string,
  variables: (name: string) => string | undefined = () => undefined,
): string {
  if (!text.includes("%(")) return text;
  const search = { section, open: new Set<string>(), done: new Map<string, string>(), variables };
  const result = expand(text, key, section, search);
  const top = ancestor(section, 1);
  if (spend(top, result.length) > MAX_OF_PROGRAM) {
    const most = `${MAX_OF_PROGRAM / 1024 / 1024} MB`;
    throw new InterpolationError(
      undefined,
      `with it, the values of [${top.name}] that contain references add up to more than ${most}`,
    );
  }
  return result;
}

/** What the references in a section, and in a file (its root), have made so far, in characters. */
const spent = new WeakMap<Section, number>();

function spend(section: Section, length: number): number {
  const sum = (spent.get(section) ?? 0) + length;
  spent.set(section, sum);
  return sum;
}

function ancestor(section: Section, depth: number): Section {
  let found = section;
  while (found.depth > depth) found = found.parent;
  return found;
}

interface Search {
  readonly section: Section;
  /** The keys that are being expanded, to detect a loop. */
  readonly open: Set<string>;
  readonly done: Map<string, string>;
  readonly variables: (name: string) => string | undefined;
}

function expand(text: string, key: string, owner: Section, search: Search): string {
  // ConfigObj records only the section's name, and so confuses two sections of one name.
  const mark = `${owner.depth === 0 ? "" : `[${owner.name}]`}${key}`;
  const known = search.done.get(mark);
  if (known !== undefined && search.open.size > 0) return known;
  if (search.open.has(mark)) throw new InterpolationError(key, "refers back to itself");
  if (search.open.size >= MAX_DEPTH) {
    throw new InterpolationError(key, `leads through more than ${MAX_DEPTH} references`);
  }
  search.open.add(mark);
  let result = "";
  let copied = 0;
  for (const { name, start, end } of references(text)) {
    const found = find(search.section, name);
    const value = found ? expand(found.text, name, found.owner, search) : search.variables(name);
    if (value === undefined) throw new InterpolationError(name, nowhere(name));
    result += text.slice(copied, start) + value;
    if (result.length > MAX_LENGTH)
      throw new InterpolationError(name, "makes the value longer than 128 kB");
    copied = end;
  }
  result += text.slice(copied);
  if (spend(ancestor(owner, 0), result.length + STEP) > MAX_OF_FILE) {
    throw new InterpolationError(
      undefined,
      `the references in this file insert more than ${MAX_OF_FILE / 1024 / 1024} MB`,
    );
  }
  search.open.delete(mark);
  search.done.set(mark, result);
  return result;
}

/** Finds each `%(name)s`; what is inserted for one is not searched again. */
function* references(text: string): Generator<{ name: string; start: number; end: number }> {
  let close = -1;
  for (let start = text.indexOf("%("); start >= 0;) {
    if (close < start + 2) close = text.indexOf(")", start + 2);
    if (close < 0) return;
    if (text[close + 1] === "s") {
      yield { name: text.slice(start + 2, close), start, end: close + 2 };
      start = text.indexOf("%(", close + 2);
    } else {
      start = text.indexOf("%(", start + 1);
    }
  }
}

function find(section: Section, name: string): { text: string; owner: Section } | undefined {
  for (let owner = section; ; owner = owner.parent) {
    const entry = owner.entries.get(name) ?? owner.sections.get("DEFAULT")?.entries.get(name);
    if (entry) return { text: entry.text, owner };
    if (owner.depth === 0) return undefined;
  }
}

function nowhere(name: string): string {
  return name.startsWith("ENV_")
    ? "stands for a variable that is not set in the environment of usrsvc"
    : "is not set in this section, in its [[DEFAULT]] or in an enclosing section";
}
