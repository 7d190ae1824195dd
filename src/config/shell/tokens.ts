/** A word of a shell line, or an operator between commands. */
export interface Token {
  readonly kind: "word" | "separator";
  /** Without quotes. */
  readonly text: string;
  /** False where the shell inserts something else: variables, globs, `~`, `$(…)`. */
  readonly isLiteral: boolean;
  readonly isQuoted: boolean;
  /** `name=value` */
  readonly isAssignment: boolean;
}

/** Splits a line as a POSIX shell does; redirects and comments are left out. */
export function readTokens(line: string): Token[] {
  const tokens: Token[] = [];
  let isTarget = false;
  for (let at = 0; at < line.length;) {
    const char = line[at] ?? "";
    if (char === " " || char === "\t") {
      at++;
    } else if (char === "\\" && line[at + 1] === "\n") {
      at += 2;
    } else if (char === "#") {
      const end = line.indexOf("\n", at);
      at = end < 0 ? line.length : end;
    } else {
      const redirect = /^\d*(<<-?|<&|>&|<>|>>|>\||<|>|&>>?)/.exec(line.slice(at, at + 12));
      const operator = /^(&&|\|\||;;|[;&|()\n])/.exec(line.slice(at, at + 2));
      if (redirect) {
        // The lines of a here-document are not commands; nothing after it can be distinguished from them.
        if (redirect[1]?.startsWith("<<")) return tokens;
        at += redirect[0].length;
        isTarget = true;
      } else if (operator) {
        tokens.push(separator(operator[0]));
        at += operator[0].length;
        isTarget = false;
      } else {
        const { word, end } = readWord(line, at);
        if (!isTarget) tokens.push(word);
        isTarget = false;
        at = end;
      }
    }
  }
  return tokens;
}

function separator(text: string): Token {
  return { kind: "separator", text, isLiteral: true, isQuoted: false, isAssignment: false };
}

function readWord(line: string, start: number): { word: Token; end: number } {
  let text = "";
  let isLiteral = line[start] !== "~";
  let isQuoted = false;
  let at = start;
  for (; at < line.length && !/[ \t\n;&|()<>]/.test(line[at] ?? ""); at++) {
    const char = line[at] ?? "";
    if (char === "'") {
      const close = line.indexOf("'", at + 1);
      const end = close < 0 ? line.length : close;
      text += line.slice(at + 1, end);
      isQuoted = true;
      at = end;
    } else if (char === '"') {
      const quoted = readDoubleQuoted(line, at);
      text += quoted.text;
      isLiteral &&= quoted.isLiteral;
      isQuoted = true;
      at = quoted.end;
    } else if (char === "\\") {
      at++;
      text += line[at] === "\n" ? "" : (line[at] ?? "");
      isQuoted = true;
    } else if (char === "$" || char === "`") {
      isLiteral = false;
      at = skipExpansion(line, at);
    } else {
      if (char === "*" || char === "?" || char === "[") isLiteral = false;
      text += char;
    }
  }
  const raw = line.slice(start, at);
  const isAssignment = /^[A-Za-z_]\w*\+?=/.test(raw);
  // Some shells expand {a,b} and {1..3} to several words.
  if (/\{[^{}'"\\]*(,|\.\.)[^{}'"\\]*\}/.test(raw)) isLiteral = false;
  return { word: { kind: "word", text, isLiteral, isQuoted, isAssignment }, end: at };
}

function readDoubleQuoted(
  line: string,
  start: number,
): { text: string; isLiteral: boolean; end: number } {
  let text = "";
  let isLiteral = true;
  let at = start + 1;
  for (; at < line.length && line[at] !== '"'; at++) {
    const char = line[at] ?? "";
    if (char === "\\" && /[$`"\\\n]/.test(line[at + 1] ?? "")) {
      at++;
      if (line[at] !== "\n") text += line[at] ?? "";
    } else if (char === "$" || char === "`") {
      isLiteral = false;
      at = skipExpansion(line, at);
    } else {
      text += char;
    }
  }
  return { text, isLiteral, end: at };
}

/** The last position of `$x`, `${…}`, `$(…)` or `` `…` ``. */
function skipExpansion(line: string, start: number): number {
  const open = line[start] === "`" ? "`" : (line[start + 1] ?? "");
  if (open !== "(" && open !== "{" && open !== "`") return start;
  const close = open === "(" ? ")" : open === "{" ? "}" : "`";
  let depth = 1;
  for (let at = line[start] === "`" ? start + 1 : start + 2; at < line.length; at++) {
    const char = line[at];
    if (char === "\\") at++;
    else if (char === close) depth--;
    else if (char === open) depth++;
    if (depth === 0) return at;
  }
  return line.length;
}
