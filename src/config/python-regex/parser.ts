import { ASCII, caseVariants, type Categories, literal, UNICODE } from "./chars.ts";
import { readClass } from "./class.ts";
import { END, escaped, START } from "./escaped.ts";
import { changeFlags, type Flags, NO_FLAGS, readFlags } from "./flags.ts";
import { anchor, atom, eitherOf, NOTHING, oneAfterAnother, type Piece } from "./piece.ts";
import { readRepeat, type Repeat } from "./quantifier.ts";
import {
  octalCode,
  PatternError,
  PatternReader,
  readEscapedCode,
  readGroupName,
  END_OF_PATTERN,
} from "./reader.ts";
import { anyOf, ONE_WAY, repeated, type Ways } from "./ways.ts";

export interface Translated {
  /** For the flag u; no other flag may change what `.`, `^` and `$` mean. */
  readonly source: string;
  readonly ignoreCase: boolean;
  /** In how many ways it can be tried at one place. */
  readonly ways: Ways;
}

/** Translates `pattern`. @throws {PatternError} */
export function parsePythonRegex(pattern: string): Translated {
  try {
    return new PatternParser(pattern, NO_FLAGS).parse();
  } catch (error) {
    if (!(error instanceof VerboseFlag)) throw error;
    return new PatternParser(pattern, { ...NO_FLAGS, x: true }).parse();
  }
}

/** `(?x)` was found: the pattern must be read once more, skipping blanks and comments. */
class VerboseFlag extends Error {}

/** Maximum number of groups: nobody writes more, and endless nesting would overflow the stack. */
const MAX_GROUPS = 500;
/** Maximum number of optional parts such as `x?`: V8 takes a second to compile 40 in a row, minutes for 80. */
const MAX_OPTIONAL = 24;
/** Maximum number of repeats that are written out. */
const UNROLLED = 3;

class PatternParser {
  readonly #reader: PatternReader;
  /** The capturing groups in their order; undefined while one is open. */
  readonly #groups: (Piece | undefined)[] = [];
  readonly #names = new Map<string, number>();
  /** The groups that have matched whenever the current position is reached. */
  #certain = new Set<number>();
  #flags: Flags;
  /** Nothing but flags and comments has been read: the only place for flags of the whole. */
  #isStart = true;
  #atomics = 0;
  #brackets = 0;
  #closed = 0;
  #optional = 0;
  /** JavaScript's flag i applies to all or nothing; with `(?i:...)` each character is spelt out. */
  readonly #spellsCase: boolean;

  constructor(pattern: string, flags: Flags) {
    this.#reader = new PatternReader(pattern);
    this.#flags = flags;
    this.#spellsCase = /\(\?[a-zA-Z]*(-[a-zA-Z]*)?i[a-zA-Z]*(-[a-zA-Z]*)?:/.test(pattern);
  }

  parse(): Translated {
    const { source, ways } = this.#alternatives();
    if (this.#reader.peek() !== undefined) throw this.#error("unbalanced parenthesis");
    return { source, ignoreCase: this.#flags.i && !this.#spellsCase, ways };
  }

  #alternatives(): Piece {
    const before = this.#certain;
    const branches = [this.#sequence(new Set(before))];
    let certain = this.#certain;
    while (this.#reader.take("|")) {
      this.#isStart = false;
      branches.push(this.#sequence(new Set(before)));
      if (branches.at(-1)?.max === 0) this.#countOptional(1, this.#reader.at);
      const branch = this.#certain;
      certain = new Set([...certain].filter((group) => branch.has(group)));
    }
    this.#certain = certain;
    return eitherOf(branches);
  }

  #sequence(certain: Set<number>): Piece {
    this.#certain = certain;
    const isOutermost = this.#brackets === this.#closed;
    const pieces: Piece[] = [];
    let before = certain;
    for (;;) {
      this.#skipVerbose();
      const char = this.#reader.peek();
      if (char === undefined || char === "|" || char === ")") break;
      const repeat = readRepeat(this.#reader);
      if (repeat) {
        const isFirst = isOutermost && pieces.length === 1;
        const repeated = this.#repeat(pieces.pop(), repeat, before);
        // A search finds the same with and without it, and sooner without.
        const isIdle = isFirst && repeated.isIdle === true;
        pieces.push(isIdle ? { ...repeated, source: "", ways: ONE_WAY } : repeated);
        continue;
      }
      before = new Set(this.#certain);
      const piece = this.#atom();
      if (piece.kind === "nothing") continue;
      this.#isStart = false;
      pieces.push(piece);
    }
    return oneAfterAnother(pieces);
  }

  #skipVerbose(): void {
    while (this.#flags.x && /[ \t\n\r\v\f#]/.test(this.#reader.peek() ?? "")) {
      if (this.#reader.next() !== "#") continue;
      while (this.#reader.peek() !== undefined && this.#reader.token("", 0) !== "\n");
    }
  }

  #repeat(piece: Piece | undefined, { from, to, at }: Repeat, before: Set<number>): Piece {
    if (piece === undefined || piece.kind === "anchor") throw this.#error("nothing to repeat", at);
    if (piece.kind === "repeat") throw this.#error("multiple repeat", at);
    if (from === 0) this.#certain = before;
    if (to <= UNROLLED) this.#countOptional(to - from, at);
    const isLazy = this.#reader.take("?");
    const isPossessive = !isLazy && this.#reader.take("+");
    const count = to === Infinity ? `{${from},}` : `{${from},${to}}`;
    const source = `(?:${piece.source})${count}${isLazy ? "?" : ""}`;
    return {
      source: isPossessive ? this.#atomic(source) : source,
      min: piece.min === 0 ? 0 : piece.min * from,
      max: piece.max === 0 ? 0 : piece.max * to,
      ways: repeated(piece.ways, from, to),
      kind: "repeat",
      isIdle: from === 0 && piece.max === 1 && !isPossessive && !piece.source.includes("(?<"),
    };
  }

  #countOptional(parts: number, at: number): void {
    this.#optional += parts;
    if (this.#optional > MAX_OPTIONAL) {
      throw this.#error(`more than ${MAX_OPTIONAL} optional parts`, at);
    }
  }

  /**
   * Possessive repeats and atomic groups, which configurations of 1.x may hold (Python 3.11). What a
   * look-ahead has found is not tried again in another way; so it can be taken as a whole.
   */
  #atomic(source: string): string {
    const name = `atomic${++this.#atomics}`;
    return `(?:(?=(?<${name}>${source}))\\k<${name}>)`;
  }

  #atom(): Piece {
    const { at } = this.#reader;
    const char = this.#reader.next();
    switch (char) {
      case ".":
        return atom(this.#flags.s ? "[^]" : "[^\\n]");
      case "^":
        return anchor(this.#flags.m ? "(?:^|(?<=\\n))" : START);
      case "$":
        return anchor(this.#flags.m ? "(?:$|(?=\\n))" : `(?=\\n?${END})`);
      case "(":
        return this.#group(at);
      case "[":
        return atom(readClass(this.#reader, at, this.#categories(), this.#isSpelt()));
      case "\\":
        return this.#escape(at);
      default:
        return this.#char(char.codePointAt(0) ?? 0);
    }
  }

  #char(code: number): Piece {
    const variants = this.#isSpelt() ? caseVariants(code) : [code];
    return atom(variants.length === 1 ? literal(code) : `[${variants.map(literal).join("")}]`);
  }

  #group(at: number): Piece {
    if (!this.#reader.take("?")) return this.#capture(at, undefined);
    const char = this.#reader.next();
    switch (char) {
      case "P":
        return this.#named(at);
      case ":":
        return this.#inner(at, "(?:");
      case ">": {
        const inner = this.#inner(at, "(?:");
        return { ...inner, source: this.#atomic(inner.source) };
      }
      case "#":
        while (this.#reader.token("missing ), unterminated comment", at) !== ")");
        return NOTHING;
      case "=":
      case "!":
        return this.#lookAround(at, `(?${char}`);
      case "<": {
        const kind = this.#reader.next();
        if (kind === "=" || kind === "!") return this.#lookAround(at, `(?<${kind}`);
        throw this.#error(`unknown extension ?<${kind}`, at + 1);
      }
      case "(":
        throw this.#error("(?(…)…|…) is not supported: write both cases out with |, found", at);
      default:
        return this.#flagGroup(at, char);
    }
  }

  #named(at: number): Piece {
    if (this.#reader.take("<")) {
      const name = readGroupName(this.#reader, ">");
      if (this.#names.has(name)) throw this.#error(`redefinition of group name '${name}'`, at);
      return this.#capture(at, name);
    }
    if (!this.#reader.take("=")) {
      throw this.#error(`unknown extension ?P${this.#reader.next()}`, at + 1);
    }
    const name = readGroupName(this.#reader, ")");
    const index = this.#names.get(name);
    if (index === undefined) throw this.#error(`unknown group name '${name}'`, at + 4);
    return this.#reference(index, at);
  }

  #capture(at: number, name: string | undefined): Piece {
    const index = this.#groups.push(undefined);
    if (name !== undefined) this.#names.set(name, index);
    // Each group has a name, because those that we add for atomic groups change the numbers.
    const piece = this.#inner(at, `(?<g${index}>`);
    this.#groups[index - 1] = piece;
    this.#certain.add(index);
    return piece;
  }

  /** Reads on to the closing bracket; flags that are changed inside hold inside. */
  #inner(at: number, open: string): Piece {
    if (++this.#brackets > MAX_GROUPS) throw this.#error(`more than ${MAX_GROUPS} groups`, at);
    this.#isStart = false;
    const flags = this.#flags;
    const piece = this.#alternatives();
    this.#flags = flags;
    if (!this.#reader.take(")")) throw this.#error("missing ), unterminated subpattern", at);
    this.#closed++;
    return { ...piece, source: `${open}${piece.source})` };
  }

  #lookAround(at: number, open: string): Piece {
    const before = new Set(this.#certain);
    const { source, min, max, ways } = this.#inner(at, open);
    if (open.startsWith("(?<") && min !== max) {
      throw this.#error("look-behind requires fixed-width pattern", at);
    }
    // What a negative look-around has matched is gone.
    if (open.endsWith("!")) this.#certain = before;
    return { source: `(?:${source})`, min: 0, max: 0, ways, kind: "atom" };
  }

  #flagGroup(at: number, first: string): Piece {
    const outer = this.#flags;
    const change = readFlags(this.#reader, at, first);
    if (!change.isGlobal) {
      this.#flags = changeFlags(outer, change);
      const piece = this.#inner(at, "(?:");
      this.#flags = outer;
      return piece;
    }
    if (!this.#isStart) {
      throw this.#error("global flags not at the start of the expression", at);
    }
    if (change.on.includes("x") && !outer.x) throw new VerboseFlag();
    this.#flags = changeFlags(outer, change);
    return NOTHING;
  }

  #escape(at: number): Piece {
    const char = this.#reader.next(END_OF_PATTERN, at);
    const known = escaped(char, this.#categories());
    if (known !== undefined) return known;
    if (char === "0") return this.#char(octalCode(`0${this.#reader.match(/^[0-7]{0,2}/)}`, at));
    if (/[1-9]/.test(char)) return this.#numbered(at, char);
    return this.#char(readEscapedCode(this.#reader, at, char));
  }

  /** `\1` is a group, `\12` group 12, `\123` the character with that octal number. */
  #numbered(at: number, first: string): Piece {
    if (/[0-7]/.test(first)) {
      const octal = this.#reader.match(/^[0-7]{2}/);
      if (octal !== "") return this.#char(octalCode(first + octal, at));
    }
    return this.#reference(Number(first + this.#reader.match(/^\d/)), at);
  }

  #reference(index: number, at: number): Piece {
    if (index > this.#groups.length) throw this.#error(`invalid group reference ${index}`, at + 1);
    const group = this.#groups[index - 1];
    if (group === undefined) throw this.#error("cannot refer to an open group", at);
    if (!this.#certain.has(index)) {
      const problem = `JavaScript treats group ${index} as empty where it has not matched`;
      throw this.#error(`${problem}: write its text out instead of the reference, found`, at);
    }
    if (this.#isSpelt()) {
      const advice = "write (?i) at the start of the pattern, or the text of the group, found";
      throw this.#error(`a reference to a group cannot ignore case here: ${advice}`, at);
    }
    const { min, max } = group;
    return { source: `\\k<g${index}>`, min, max, ways: anyOf(max), kind: "atom" };
  }

  #isSpelt(): boolean {
    return this.#flags.i && this.#spellsCase;
  }

  #categories(): Categories {
    return this.#flags.a ? ASCII : UNICODE;
  }

  #error(message: string, position = this.#reader.at): PatternError {
    return new PatternError(message, position);
  }
}
