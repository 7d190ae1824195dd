/** Words, or why there are none. */
export type Words = { readonly words: readonly string[] } | { readonly problem: string };

/**
 * Splits a command into words as Python's `shlex.split` does: quotes and backslashes as in a shell,
 * but no variables, no comments, and no operators.
 */
export function splitWords(command: string): Words {
  if (!/["'\\]/.test(command)) return { words: command.match(/[^ \t\r\n]+/g) ?? [] };
  const words: string[] = [];
  let word: string | undefined;
  for (let at = 0; at < command.length; at++) {
    const char = command[at] ?? "";
    if (char === " " || char === "\t" || char === "\n" || char === "\r") {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (char === "\\") {
      at++;
      const next = command[at];
      if (next === undefined) return { problem: "the backslash at its end has nothing to escape" };
      word = (word ?? "") + next;
    } else if (char === "'" || char === '"') {
      const quoted = readQuoted(command, at);
      if (quoted === undefined)
        return { problem: `the quote ${char} at position ${at} is not closed` };
      word = (word ?? "") + quoted.text;
      at = quoted.end;
    } else {
      word = (word ?? "") + char;
    }
  }
  if (word !== undefined) words.push(word);
  return { words };
}

/** Reads from an opening quote to the closing one, whose position is `end`. */
function readQuoted(command: string, start: number): { text: string; end: number } | undefined {
  const quote = command[start];
  let text = "";
  for (let at = start + 1; at < command.length; at++) {
    const char = command[at] ?? "";
    if (char === quote) return { text, end: at };
    const next = command[at + 1];
    // Inside double quotes a backslash escapes only these two, and is kept before all else.
    if (quote === '"' && char === "\\" && (next === '"' || next === "\\")) {
      text += next;
      at++;
    } else {
      text += char;
    }
  }
  return undefined;
}
