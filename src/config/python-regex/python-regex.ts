import { parsePythonRegex } from "./parser.ts";
import { PatternError } from "./reader.ts";
import type { Ways } from "./ways.ts";

/** Length up to which V8 can compile any expression, in characters of JavaScript. */
const LONG = 4096;

/** A JavaScript expression that finds what the Python one finds, or why there is none. */
export type PythonRegex =
  { readonly regex: RegExp; readonly ways: Ways } | { readonly problem: string };

/** Maximum length of a pattern, in characters: nobody writes more, and 100,000 alternatives would crash V8. */
const LONGEST = 8192;

/**
 * Translates a pattern in the syntax of Python's `re` (3.11, as 1.x had it), so that `regex.test`
 * answers what `re.search` did.
 *
 * `\w`, `\s`, `\d` and `\b` are Unicode's as in Python, `$` also matches before a final line feed, and
 * unknown escapes are errors. What JavaScript cannot express is a problem that says what to write instead.
 */
export function translatePythonRegex(pattern: string): PythonRegex {
  if (pattern.length > LONGEST) {
    const problem = `it has ${pattern.length} characters, and at most ${LONGEST} are allowed`;
    return { problem: `${problem}; one word that distinguishes the program from others is enough` };
  }
  try {
    const { source, ignoreCase, ways } = parsePythonRegex(pattern);
    const regex = new RegExp(source, ignoreCase ? "ui" : "u");
    if (source.length > LONG) regex.test(""); // V8 only notices here that it is too large
    return { regex, ways };
  } catch (error) {
    if (error instanceof PatternError) {
      return { problem: `${error.message} at position ${error.position}` };
    }
    if (error instanceof SyntaxError) return { problem: "JavaScript cannot express this pattern" };
    throw error;
  }
}
