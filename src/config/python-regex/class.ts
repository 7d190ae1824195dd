import { type Categories, range } from "./chars.ts";
import { octalCode, PatternError, type PatternReader, readEscapedCode } from "./reader.ts";

/**
 * Translates a class, `[…]`, whose opening bracket (at `start`) has been taken.
 *
 * `\W` and its like cannot be in a JavaScript class with the meaning that they have in Python,
 * and so are put beside it. (The flag v would allow it, but with it Node 20 finds `[^]{2,}` in "a".)
 */
export function readClass(
  reader: PatternReader,
  start: number,
  categories: Categories,
  spellCase: boolean,
): string {
  const isNegated = reader.take("^");
  const outside: string[] = [];
  let inside = "";
  // A closing bracket in first place is an ordinary character.
  for (let isFirst = true; isFirst || reader.peek() !== "]"; isFirst = false) {
    const from = reader.at;
    const low = readItem(reader, start, categories);
    if (reader.peek() !== "-" || reader.peek(1) === "]") {
      if (typeof low === "number") inside += range(low, low, spellCase);
      else if (low.isNegated) outside.push(low.category);
      else inside += low.category;
      continue;
    }
    reader.next();
    const high = readItem(reader, start, categories);
    if (typeof low !== "number" || typeof high !== "number" || high < low) {
      throw new PatternError(`bad character range ${reader.slice(from, reader.at)}`, from);
    }
    inside += range(low, high, spellCase);
  }
  reader.next();
  if (isNegated)
    return `(?:${outside.map((category) => `(?=[${category}])`).join("")}[^${inside}])`;
  return `(?:${[`[${inside}]`, ...outside.map((category) => `[^${category}]`)].join("|")})`;
}

interface Category {
  readonly category: string;
  readonly isNegated: boolean;
}

/** One code point, or a category such as `\w`. */
function readItem(reader: PatternReader, start: number, categories: Categories): number | Category {
  const at = reader.at;
  const char = reader.next("unterminated character set", start);
  if (char !== "\\") return char.codePointAt(0) ?? 0;
  const escaped = reader.next("unterminated character set", start);
  switch (escaped) {
    case "w":
    case "s":
    case "d":
      return { category: categories[escaped], isNegated: false };
    case "W":
      return { category: categories.w, isNegated: true };
    case "S":
      return { category: categories.s, isNegated: true };
    case "D":
      return { category: categories.d, isNegated: true };
    case "b":
      return 8;
    default:
  }
  if (/[0-7]/.test(escaped)) return octalCode(escaped + reader.match(/^[0-7]{0,2}/), at);
  if (/[89]/.test(escaped)) throw new PatternError(`bad escape \\${escaped}`, at);
  return readEscapedCode(reader, at, escaped);
}
