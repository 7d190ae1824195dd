/** A key that was pressed: a name for those that write nothing, else what it writes. */
export type Key = string;

/** Begins each sequence; alone, it is a key. */
const ESCAPE = "\u001b";

/** Names of the sequences that terminals send, without the escape (xterm, Linux console, rxvt, with and without application mode). */
const NAMES: Readonly<Record<string, Key>> = {
  "[A": "up",
  OA: "up",
  "[B": "down",
  OB: "down",
  "[C": "right",
  OC: "right",
  "[D": "left",
  OD: "left",
  "[H": "home",
  OH: "home",
  "[1~": "home",
  "[7~": "home",
  "[F": "end",
  OF: "end",
  "[4~": "end",
  "[8~": "end",
  "[5~": "pageup",
  "[6~": "pagedown",
};

const PLAIN: Readonly<Record<string, Key>> = {
  "\r": "enter",
  "\n": "enter",
  "\u007f": "backspace",
  "\b": "backspace",
  "\t": "tab",
};

/** Between these stands what was pasted: that is not obeyed, it may stop a program. */
const PASTE_BEGINS = `${ESCAPE}[200~`;
const PASTE_ENDS = `${ESCAPE}[201~`;

/** Reads keys from what a terminal sends, in whatever pieces it comes. */
export class KeyReader {
  #rest = "";

  /** The keys that are complete. What may be the begin of a sequence waits for the next piece, or for `flush`. */
  read(piece: string): readonly Key[] {
    let text = this.#rest + piece;
    const keys: Key[] = [];
    while (text !== "") {
      if (text.startsWith(PASTE_BEGINS)) {
        const end = text.indexOf(PASTE_ENDS);
        if (end < 0) break;
        text = text.slice(end + PASTE_ENDS.length);
        continue;
      }
      const taken = text.startsWith(ESCAPE) ? sequence(text) : character(text);
      if (taken === undefined) break;
      if (taken.key !== undefined) keys.push(taken.key);
      text = text.slice(taken.length);
    }
    this.#rest = text.startsWith(PASTE_BEGINS)
      ? PASTE_BEGINS + text.slice(-PASTE_ENDS.length)
      : text;
    return keys;
  }

  /** True while something is incomplete that may be a key of its own: Escape. */
  get isWaiting(): boolean {
    return this.#rest !== "" && !this.#rest.startsWith(PASTE_BEGINS);
  }

  /** Nothing has followed: what waits is Escape, or half a sequence that nobody knows. */
  flush(): readonly Key[] {
    const isEscape = this.#rest === ESCAPE;
    if (this.isWaiting) this.#rest = "";
    return isEscape ? ["escape"] : [];
  }
}

interface Taken {
  /** Undefined: a sequence that means nothing here. */
  readonly key: Key | undefined;
  readonly length: number;
}

/** Undefined: there is more of it to come. */
function sequence(text: string): Taken | undefined {
  const rest = text.slice(1);
  const [name] = /^(\[[0-9;?]*[ -/]*[@-~]|O[@-~])/.exec(rest) ?? [];
  if (name !== undefined) return { key: NAMES[name], length: 1 + name.length };
  if (/^(\[[0-9;?]*[ -/]*|O)?$/.test(rest)) return undefined;
  if (rest.startsWith(ESCAPE)) return { key: "escape", length: 1 };
  return { key: undefined, length: 1 + charAt(rest, 0).length }; // with Alt
}

function character(text: string): Taken {
  const char = charAt(text, 0);
  const code = char.codePointAt(0) ?? 0;
  const key = PLAIN[char] ?? (code < 32 ? `ctrl-${String.fromCharCode(code + 96)}` : char);
  return { key, length: char.length };
}

function charAt(text: string, at: number): string {
  const code = text.codePointAt(at);
  return code === undefined ? "" : String.fromCodePoint(code);
}
