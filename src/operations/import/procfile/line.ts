import { splitWords } from "../../../config/shell/words.ts";
import { beginsWithShellSyntax } from "../../../config/shell/syntax.ts";
import { literal } from "../value-text.ts";

/** The command of a process type. */
export interface Line {
  readonly command: string;
  readonly useshell: boolean;
  /** Those that were set before the command. */
  readonly variables: ReadonlyMap<string, string>;
}

/** What a shell reads as we do. */
const PLAIN = /^[\w\s/.:@%+=,'"-]*$/;
const ASSIGNMENT = /^([A-Za-z_]\w*)=("[^"$`\\]*"|'[^']*'|[\w/.:@%+=,-]*)(?=\s|$)/;

/** Reads a command, of which a shell is in charge there: only where it is needed, here. `port` stands for $PORT. */
export function readLine(text: string, port: string): Line {
  const line = insertPort(text.trim(), port);
  const variables = new Map<string, string>();
  let rest = line;
  for (;;) {
    rest = rest.replace(/^(exec|env)\s+(?=\S)(?!-)/, "");
    const [all, name, value] = ASSIGNMENT.exec(rest) ?? [];
    if (all === undefined || name === undefined || all === rest) break;
    variables.set(name, value?.replace(/^(["'])(.*)\1$/s, "$2") ?? "");
    rest = rest.slice(all.length).trimStart();
  }
  const split = splitWords(rest);
  const bare = rest.replaceAll(/%\(instance\)s/g, "");
  const isPlain = PLAIN.test(bare) && "words" in split && !beginsWithShellSyntax(rest);
  if (isPlain) return { command: keep(rest), useshell: false, variables };
  // A single command takes the place of its shell.
  const isSingle =
    !/[;&|<>()`\n]/.test(rest) && !beginsWithShellSyntax(rest) && !rest.startsWith("-");
  return isSingle
    ? { command: keep(`exec ${rest}`), useshell: true, variables }
    : { command: keep(line), useshell: true, variables: new Map() };
}

/** What was inserted stays a reference; all else is meant as it stands. */
function keep(text: string): string {
  return text.split("%(instance)s").map(literal).join("%(instance)s");
}

/** foreman says which port it is; so do we, outside of single quotes. */
function insertPort(text: string, port: string): string {
  let result = "";
  let quote = "";
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at] ?? "";
    const [all] =
      (quote === "'"
        ? undefined
        : /^\$(?:PORT(?!\w)|\{PORT(?::?-[^}$]*)?\})/.exec(text.slice(at))) ?? [];
    if (all !== undefined) {
      result += port;
      at += all.length - 1;
      continue;
    }
    if (char === "\\" && quote !== "'") {
      result += char + (text[at + 1] ?? "");
      at += 1;
      continue;
    }
    if (char === quote) quote = "";
    else if (quote === "" && (char === "'" || char === '"')) quote = char;
    result += char;
  }
  return result;
}
