import type { Section } from "./configobj.ts";

/** A `%(name)s` that leads nowhere, as one sentence; the caller knows the place. */
export class InterpolationError extends Error {
  override readonly name = "InterpolationError";
}

/** No value may grow beyond this; ten lines of `a = %(b)s%(b)s` make a thousand copies. */
const MAX_LENGTH = 1_000_000;
/** 1.x ended in Python's limit of recursion, at about as many steps. */
const MAX_DEPTH = 300;

/**
 * Replaces each `%(name)s` in a value of `section`, as ConfigObj does: the name is looked for in
 * `section`, in its subsection DEFAULT, then in the same two of each section around it, up to the
 * top of the file. A value found may hold references itself; those are looked for from `section` too.
 *
 * @throws {InterpolationError} when a name is not there, or a value leads back to itself
 */
export function interpolate(section: Section, key: string, text: string): string {
  if (!text.includes("%(")) return text;
  return expand(text, key, section, { section, open: new Set(), done: new Map() });
}

interface Search {
  readonly section: Section;
  /** The keys that are being expanded, to notice a loop. */
  readonly open: Set<string>;
  readonly done: Map<string, string>;
}

function expand(text: string, key: string, owner: Section, search: Search): string {
  // ConfigObj notes the section's name alone, and so takes two sections of one name for one.
  const mark = `${owner.depth === 0 ? "" : `[${owner.name}]`}${key}`;
  const known = search.done.get(mark);
  if (known !== undefined && search.open.size > 0) return known;
  if (search.open.has(mark)) throw new InterpolationError(`%(${key})s leads back to itself`);
  if (search.open.size >= MAX_DEPTH) {
    throw new InterpolationError(
      `%(${key})s refers to others more than ${MAX_DEPTH} times in a row`,
    );
  }
  search.open.add(mark);
  let result = "";
  let copied = 0;
  for (const { name, start, end } of references(text)) {
    const found = find(search.section, name);
    result += text.slice(copied, start) + expand(found.text, name, found.owner, search);
    if (result.length > MAX_LENGTH)
      throw new InterpolationError(`%(${name})s makes the value too long`);
    copied = end;
  }
  result += text.slice(copied);
  search.open.delete(mark);
  search.done.set(mark, result);
  return result;
}

/** Finds each `%(name)s`; what is put in for one is not searched again. */
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

function find(section: Section, name: string): { text: string; owner: Section } {
  for (let owner = section; ; owner = owner.parent) {
    const entry = owner.entries.get(name) ?? owner.sections.get("DEFAULT")?.entries.get(name);
    if (entry) return { text: entry.text, owner };
    if (owner.depth === 0) break;
  }
  throw new InterpolationError(
    `%(${name})s is set neither in this section, nor in its [[DEFAULT]], nor in a section around it`,
  );
}
