import { unsafe } from "ini";
import { keyBefore, shownName } from "../../lib/secrets.ts";
import { skipBlanks } from "./blanks.ts";
import { type Pair, readHeader, readPair } from "./line.ts";
import { type ConfigValue, readValue } from "./value.ts";
import { schemas } from "../schema.ts";
import { shownSection } from "../shown.ts";

/** One `key = value`. */
export interface Entry extends ConfigValue {
  /** Counted from 1. */
  readonly line: number;
}

/** `[name]`, `[[name]]` and so on; the root (depth 0) is the file itself. */
export interface Section {
  readonly name: string;
  readonly line: number;
  readonly depth: number;
  /** The section around this one; the root is its own parent. */
  readonly parent: Section;
  readonly entries: ReadonlyMap<string, Entry>;
  readonly sections: ReadonlyMap<string, Section>;
  /** Keys that are set to values which cannot be read. */
  readonly unread: ReadonlySet<string>;
}

/** A line that ConfigObj cannot read either. */
export interface SyntaxFault {
  readonly line: number;
  readonly kind: "parse" | "nesting" | "duplicate";
  readonly message: string;
  /** The section that is damaged; undefined: it is unknown which section the line was meant to begin. */
  readonly owner: Section | undefined;
}

export interface ConfigFile {
  readonly root: Section;
  readonly faults: readonly SyntaxFault[];
}

export interface ParseOptions {
  /** Report each value that is neither one text nor a valid list, as 1.x does, not only where it is used. */
  readonly strictLists?: boolean;
}

/**
 * Parses a file in the dialect of ConfigObj 5, the library with which 1.x reads its configuration.
 *
 * All faults are collected. What follows a broken header is dropped up to the next valid one of its
 * level: it belongs to an unknown section, and must not end up in the preceding one.
 */
export function parseConfigobj(text: string, options: ParseOptions = {}): ConfigFile {
  return new Parser(text, options.strictLists ?? false).parse();
}

interface OpenSection extends Section {
  readonly parent: OpenSection;
  entries: Map<string, Entry>;
  sections: Map<string, OpenSection>;
  unread: Set<string>;
}

/** Stands for the maps of all sections until they get an entry: most have no sections. */
const NO_ENTRIES = new Map<string, Entry>();
const NO_SECTIONS = new Map<string, OpenSection>();
const NO_KEYS = new Set<string>();

/** Sections that follow a broken header. */
interface Lost {
  readonly depth: number;
  readonly owner: Section | undefined;
}

class Parser {
  readonly #text: string;
  readonly #strictLists: boolean;
  readonly #root: OpenSection = newRoot();
  readonly #faults: SyntaxFault[] = [];
  readonly #dropped: (() => void)[] = [];
  /** Where the next line begins, and its number. An array of all lines would cost more than parsing. */
  #offset: number;
  #line = 1;
  #section = this.#root;
  #lost: Lost | undefined;

  constructor(text: string, strictLists: boolean) {
    this.#text = text;
    this.#strictLists = strictLists;
    this.#offset = text.startsWith("\ufeff") ? 1 : 0;
  }

  parse(): ConfigFile {
    while (this.#offset < this.#text.length) {
      const at = this.#line;
      this.#readLine(at, this.#nextLine());
    }
    for (const drop of this.#dropped) drop();
    return { root: this.#root, faults: this.#faults };
  }

  /** Takes the next line, without the carriage returns at its end. */
  #nextLine(): string {
    const feed = this.#text.indexOf("\n", this.#offset);
    const end = feed < 0 ? this.#text.length : feed;
    const line = this.#text.slice(this.#offset, end);
    this.#offset = end + 1;
    this.#line++;
    return line.endsWith("\r") ? line.replace(/\r+$/, "") : line;
  }

  #readLine(at: number, line: string): void {
    if (PLAIN.test(line)) {
      const equals = line.indexOf("=");
      this.#add(at, line.slice(0, equals).trim(), line.slice(equals + 1).trim(), undefined);
      return;
    }
    const from = skipBlanks(line, 0);
    const first = line[from];
    if (first === undefined || first === "#") return;
    const header = first === "[" ? readHeader(line, from) : undefined;
    const pair = header ? undefined : readPair(line, from);
    if (header) this.#open(at, header.name, header.opened, header.closed);
    else if (pair) this.#readPair(at, pair);
    else this.#notALine(at, line.slice(from), first);
  }

  #readPair(at: number, { key, value: written }: Pair): void {
    const quote = written.slice(0, 3);
    if (quote === '"""' || quote === "'''") {
      this.#readText(at, key, written, quote);
      return;
    }
    if (QUOTED.test(written)) {
      this.#add(at, key, unsafe(written), undefined);
      return;
    }
    const value = readValue(written);
    if (value === undefined) {
      const problem = `the opening ${written[0] ?? ""} of the value must be closed at its end`;
      this.#unreadable(at, key, `${problem}; ${QUOTE_ADVICE}`);
    } else if (this.#strictLists && value.isBrokenList) {
      this.#unreadable(at, key, "a list item is missing, or a quote is not closed");
    } else {
      this.#add(at, key, value.text, value);
    }
  }

  #unreadable(at: number, key: string, problem: string): void {
    this.#fault(at, "parse", `${shownName(key)}: ${problem}`);
    if (this.#lost) return;
    if (this.#section.unread === NO_KEYS) this.#section.unread = new Set();
    this.#section.unread.add(key);
  }

  #add(at: number, key: string, text: string, value: ConfigValue | undefined): void {
    const section = this.#section;
    const earlier = section.entries.get(key) ?? section.sections.get(key);
    if (earlier) {
      this.#fault(at, "duplicate", `${shownName(key)}: is already set on line ${earlier.line}`);
      return;
    }
    if (section.entries === NO_ENTRIES) section.entries = new Map();
    section.entries.set(key, {
      line: at,
      text,
      list: value?.list,
      isBrokenList: value?.isBrokenList ?? false,
      isCutAtHash: value?.isCutAtHash ?? false,
    });
    if (this.#lost) this.#dropped.push(() => section.entries.delete(key));
  }

  /** Reads a value in triple quotes, which can span several lines. */
  #readText(at: number, key: string, value: string, quote: string): void {
    const offset = this.#offset;
    const parts: string[] = [];
    let rest = value.slice(3);
    while (!rest.includes(quote) && this.#offset < this.#text.length) {
      parts.push(rest);
      rest = this.#nextLine();
    }
    const end = textEnd(rest, quote);
    if (end !== undefined) {
      parts.push(rest.slice(0, end));
      this.#add(at, key, parts.join("\n"), undefined);
      return;
    }
    const problem = rest.includes(quote)
      ? `only a comment can follow the closing ${quote}`
      : `the opening ${quote} of the value is never closed`;
    this.#unreadable(at, key, problem);
    // As in 1.x, the lines of such a value are read as lines of the file.
    this.#offset = offset;
    this.#line = at + 1;
  }

  #open(at: number, name: string, opened: number, closed: number): void {
    if (opened !== closed) {
      const wanted = `"${shownSection(name)}" has ${opened} opening and ${closed} closing brackets`;
      this.#brokenHeader(at, opened, "nesting", `${wanted}: the numbers must be equal`);
      return;
    }
    if (opened > this.#section.depth + 1) {
      const [open, close] = ["[".repeat(opened), "]".repeat(opened)];
      const message = `${open}${shownSection(name)}${close} must be inside a section with one bracket fewer`;
      this.#brokenHeader(at, opened, "nesting", message);
      return;
    }
    let parent = this.#section;
    while (parent.depth >= opened) parent = parent.parent;
    const earlier = parent.sections.get(name);
    const other = earlier ?? parent.entries.get(name);
    if (other) {
      const message = `there is already a section or key named "${shownSection(name)}", on line ${other.line}`;
      this.#brokenHeader(at, opened, "duplicate", message, earlier);
      return;
    }
    if (this.#lost && opened <= this.#lost.depth) this.#lost = undefined;
    this.#section = newSection(name, at, opened, parent);
    if (parent.sections === NO_SECTIONS) parent.sections = new Map();
    parent.sections.set(name, this.#section);
    if (this.#lost) this.#dropped.push(() => parent.sections.delete(name));
  }

  /** A line that is neither a header nor a pair. */
  #notALine(at: number, text: string, first: string): void {
    if (first === "[") {
      const depth = /^(\[\s*)+/.exec(text)?.[0].replace(/\s/g, "").length ?? 1;
      const message =
        "a line that begins with [ must be a section header: [name], then at most a comment";
      this.#brokenHeader(at, depth, "parse", message);
    } else {
      const advice = first === ";" ? "; a comment begins with #, not with ;" : "";
      const key = keyBefore(text, KNOWN_KEYS);
      const what = key === undefined ? "the line" : `${key}: the line`;
      const message = `${what} is not a [section], a key = value or a # comment${advice}`;
      this.#fault(at, "parse", message);
    }
  }

  #brokenHeader(
    at: number,
    depth: number,
    kind: SyntaxFault["kind"],
    message: string,
    earlier?: Section,
  ): void {
    if (this.#lost === undefined || depth <= this.#lost.depth) {
      // A subsection belongs to its enclosing section, a second [x] to the first one.
      const owner = earlier ?? (depth > 1 && this.#section.depth > 0 ? this.#section : undefined);
      this.#lost = { depth, owner };
    }
    this.#fault(at, kind, message);
  }

  #fault(at: number, kind: SyntaxFault["kind"], message: string): void {
    const owner = this.#lost ? this.#lost.owner : this.#section;
    this.#faults.push({ line: at, kind, message, owner });
  }
}

const KNOWN_KEYS: ReadonlySet<string> = new Set(
  Object.values(schemas).flatMap((schema) => Object.keys(schema)),
);

const QUOTE_ADVICE = "to keep quotes in a value, put the whole value in the other kind of quotes";

/** `key = value` with nothing special in it, and no blanks at its end: nearly every line. */
const PLAIN = /^[ \t]*[A-Za-z_][\w.-]*[ \t]*=[ \t]*[!$-&(-+\--~]([ !$-&(-+\--~]*[!$-&(-+\--~])?$/;

/**
 * A quoted value that `ini` reads as ConfigObj does: after a backslash it would read the value as JSON.
 *
 * It reads nothing else here, because nothing else is the same in its dialect: `[[Env]]` is a key to it, a
 * `;` cuts a command, the dot of `[Program:a.b]` makes a section in a section, `true` (but not `True`)
 * becomes a boolean, the second of two equal keys wins, any bad line is a key, and no line has a number.
 */
const QUOTED = /^"[ !#-[\]-~]*"$/;

/** Where the closing triple quotes begin, if nothing but a comment follows them. */
function textEnd(text: string, quote: string): number | undefined {
  for (let at = text.indexOf(quote); at >= 0; at = text.indexOf(quote, at + 1)) {
    const next = skipBlanks(text, at + 3);
    if (next === text.length || text[next] === "#") return at;
  }
  return undefined;
}

function newSection(name: string, line: number, depth: number, parent: OpenSection): OpenSection {
  return { name, line, depth, parent, entries: NO_ENTRIES, sections: NO_SECTIONS, unread: NO_KEYS };
}

function newRoot(): OpenSection {
  const root = {
    name: "",
    line: 0,
    depth: 0,
    entries: NO_ENTRIES,
    sections: NO_SECTIONS,
    unread: NO_KEYS,
  };
  return Object.assign(root, { parent: root as unknown as OpenSection });
}
