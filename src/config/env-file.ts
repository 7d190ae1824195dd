/*
 * Files of variables, as dotenv, docker and systemd have them. Libraries skip in silence what they cannot
 * read; here each line that is none is reported with its number, since what it should have set would be
 * missing in the program.
 */

/** The variables of a file, or its first line that is none. */
export type EnvFile =
  | { readonly env: ReadonlyMap<string, string> }
  | { readonly line: number; readonly problem: string };

const NAME = /^(?:export[ \t]+)?([A-Za-z_][\w.-]*)[ \t]*=[ \t]*/;
const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };

/**
 * Reads `NAME = value` lines: a comment begins with # at the start of a line, or after a blank; `export` may
 * stand before the name. What is in quotes may span lines; in double ones, \n, \r, \t and \ before any other character
 * mean what they mean in a shell. `$NAME` is not expanded.
 */
export function parseEnvFile(text: string): EnvFile {
  const env = new Map<string, string>();
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  for (let index = 0; index < lines.length; index += 1) {
    const line = (lines[index] ?? "").trim();
    if (line === "" || line.startsWith("#")) continue;
    const begin = NAME.exec(line);
    const fault = (problem: string): EnvFile => ({ line: index + 1, problem });
    if (begin?.[1] === undefined) return fault("is not NAME=value");
    const rest = line.slice(begin[0].length);
    const quote = rest[0] ?? "";
    let value: string;
    if (quote === '"' || quote === "'" || quote === "`") {
      const first = index;
      let quoted = rest.slice(1);
      let end = endOf(quoted, quote);
      while (end < 0 && index + 1 < lines.length) {
        index += 1;
        quoted += `\n${lines[index]}`;
        end = endOf(quoted, quote);
      }
      if (end < 0) return { line: first + 1, problem: `has a ${quote} that is never closed` };
      if (!/^\s*(#.*)?$/.test(quoted.slice(end + 1)))
        return fault("goes on after its closing quote");
      value = quoted.slice(0, end);
      if (quote === '"') value = unescaped(value);
    } else {
      value = rest.replace(/(^|\s)#.*$/, "").trimEnd();
    }
    if (value.includes("\0")) return fault("holds a NUL character");
    env.set(begin[1], value);
  }
  return { env };
}

/** Where the quote ends, before which there is no backslash in double quotes; -1: not here. */
function endOf(text: string, quote: string): number {
  if (quote !== '"') return text.indexOf(quote);
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === quote) return at;
  }
  return -1;
}

function unescaped(text: string): string {
  return text.replaceAll(/\\([\s\S])/g, (_all, letter: string) => ESCAPES[letter] ?? letter);
}
