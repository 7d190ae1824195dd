/** Variables in their order, or why there are none. */
export type Pairs = { readonly pairs: ReadonlyMap<string, string> } | { readonly problem: string };

/** Outside of quotes only these make up a word; anything else is a word of its own. */
const WORD = /[\w/.+\-():\u00df-\u00f6\u00f8-\u00ff\u00c0-\u00d6\u00d8-\u00de]/;

/** Reads `environment` of supervisor: `A="b",C="d,e"`, as Python's shlex splits it. */
export function parsePairs(text: string): Pairs {
  const tokens = tokensOf(text);
  if (tokens === undefined) return { problem: "a quote in it is not closed" };
  const pairs = new Map<string, string>();
  for (let at = 0; at < tokens.length; at += 4) {
    const [name, equals, value] = tokens.slice(at, at + 3);
    if (name === undefined || equals !== "=" || value === undefined) {
      return { problem: 'it is not NAME="value",NAME="value"' };
    }
    pairs.set(name, value);
  }
  return { pairs };
}

function tokensOf(text: string): readonly string[] | undefined {
  const tokens: string[] = [];
  let token: string | undefined;
  const end = (): void => {
    if (token !== undefined) tokens.push(token);
    token = undefined;
  };
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at] ?? "";
    if (char === '"' || char === "'") {
      const quoted = quotedAt(text, at);
      if (quoted === undefined) return undefined;
      token = (token ?? "") + quoted.text;
      at = quoted.end;
    } else if (char === "\\" && at + 1 < text.length) {
      at += 1;
      token = (token ?? "") + (text[at] ?? "");
    } else if (WORD.test(char)) {
      token = (token ?? "") + char;
    } else {
      end();
      if (char === "#") at = lineEnd(text, at);
      else if (!/\s/.test(char)) tokens.push(char);
    }
  }
  end();
  return tokens;
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  return end < 0 ? text.length : end;
}

function quotedAt(text: string, start: number): { text: string; end: number } | undefined {
  const quote = text[start];
  let inside = "";
  for (let at = start + 1; at < text.length; at += 1) {
    const char = text[at] ?? "";
    if (char === quote) return { text: inside, end: at };
    const next = text[at + 1];
    if (quote === '"' && char === "\\" && (next === '"' || next === "\\")) {
      inside += next;
      at += 1;
    } else {
      inside += char;
    }
  }
  return undefined;
}
