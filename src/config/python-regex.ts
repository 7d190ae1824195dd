import { parsePythonRegex } from "./python-regex-parser.ts";
import { PatternError } from "./python-regex-reader.ts";

/** A JavaScript expression that finds what the Python one finds, or why there is none. */
export type PythonRegex = { readonly regex: RegExp } | { readonly problem: string };

/**
 * Translates a pattern in the syntax of Python's `re` (3.11, as 1.x had it), so that `regex.test`
 * answers what `re.search` did.
 *
 * `\w`, `\s`, `\d` and `\b` are Unicode's as in Python, `$` also matches before a final line feed, and
 * unknown escapes are errors. What JavaScript has no words for is a problem that says what to write.
 */
export function translatePythonRegex(pattern: string): PythonRegex {
  try {
    const { source, ignoreCase } = parsePythonRegex(pattern);
    return { regex: new RegExp(source, ignoreCase ? "ui" : "u") };
  } catch (error) {
    if (error instanceof PatternError) {
      return { problem: `${error.message} at position ${error.position}` };
    }
    if (error instanceof SyntaxError) return { problem: "JavaScript cannot express this pattern" };
    throw error;
  }
}
