/** What is wrong with a pattern, in Python's words where Python has them. */
export class PatternError extends Error {
  override readonly name = "PatternError";
  /** Counted in characters, from 0, as Python does. */
  readonly position: number;

  constructor(message: string, position: number) {
    super(message);
    this.position = position;
  }
}

/** What Python says of a pattern that ends with a backslash. */
export const END_OF_PATTERN = "bad escape (end of pattern)";

/** Goes through a pattern, character by character. */
export class PatternReader {
  readonly #chars: readonly string[];
  /** The position of the next character. */
  at = 0;

  constructor(pattern: string) {
    this.#chars = Array.from(pattern);
  }

  /** The next character, without taking it; undefined at the end. */
  peek(ahead = 0): string | undefined {
    return this.#chars[this.at + ahead];
  }

  /** What follows matches `wanted`, up to a few dozen characters: takes and returns it, or "". */
  match(wanted: RegExp): string {
    const found = wanted.exec(this.#chars.slice(this.at, this.at + 40).join(""))?.[0] ?? "";
    this.at += found.length;
    return found;
  }

  /** Takes the next character. @throws {PatternError} at the end of the pattern */
  next(missing = "unexpected end of pattern", position = this.at): string {
    const char = this.#chars[this.at];
    if (char === undefined) throw new PatternError(missing, position);
    this.at++;
    return char;
  }

  /**
   * Takes the next character, or a `\\` with what follows: one to Python everywhere, in comments, too.
   *
   * @throws {PatternError} at the end of the pattern
   */
  token(missing: string, position: number): string {
    const { at } = this;
    const char = this.next(missing, position);
    return char === "\\" ? char + this.next(END_OF_PATTERN, at) : char;
  }

  /** Takes the next character if it is `char`. */
  take(char: string): boolean {
    if (this.#chars[this.at] !== char) return false;
    this.at++;
    return true;
  }

  slice(from: number, to: number): string {
    return this.#chars.slice(from, to).join("");
  }
}

const CONTROLS = new Map([
  ["a", 7],
  ["f", 12],
  ["n", 10],
  ["r", 13],
  ["t", 9],
  ["v", 11],
]);

/** The code point for which `\char` stands, in a class and outside; `at` is where the `\` is. */
export function readEscapedCode(reader: PatternReader, at: number, char: string): number {
  const control = CONTROLS.get(char);
  if (control !== undefined) return control;
  switch (char) {
    case "x":
      return readHex(reader, at, 2);
    case "u":
      return readHex(reader, at, 4);
    case "U":
      return readHex(reader, at, 8);
    case "N":
      throw new PatternError("\\N{…} is not supported: write the character itself, found", at);
    default:
  }
  if (/[A-Za-z]/.test(char)) throw new PatternError(`bad escape \\${char}`, at);
  return char.codePointAt(0) ?? 0;
}

function readHex(reader: PatternReader, at: number, length: number): number {
  const digits = reader.match(new RegExp(`^[0-9a-fA-F]{0,${length}}`));
  if (digits.length < length) {
    throw new PatternError(`incomplete escape ${reader.slice(at, at + 2)}${digits}`, at);
  }
  const code = Number.parseInt(digits, 16);
  if (code > 0x10ffff) throw new PatternError(`bad escape \\U${digits}`, at);
  return code;
}

/** The code point of an octal escape. */
export function octalCode(digits: string, at: number): number {
  const code = Number.parseInt(digits, 8);
  if (code <= 0o377) return code;
  throw new PatternError(`octal escape value \\${digits} outside of range 0-0o377`, at);
}

/** Reads the name of a group, and the `end` of that. */
export function readGroupName(reader: PatternReader, end: string): string {
  const { at } = reader;
  let name = "";
  while (!reader.take(end)) name += reader.next(`missing ${end}, unterminated name`);
  if (name === "") throw new PatternError("missing group name", at);
  if (/^[\p{XIDS}_]\p{XIDC}*$/u.test(name)) return name;
  throw new PatternError(`bad character in group name '${name}'`, at);
}
