import { PatternError, type PatternReader } from "./reader.ts";

/** The flags of Python that change the translation; u is the default, and L is for bytes. */
export interface Flags {
  readonly i: boolean;
  readonly s: boolean;
  readonly m: boolean;
  readonly x: boolean;
  readonly a: boolean;
}

export const NO_FLAGS: Flags = { i: false, s: false, m: false, x: false, a: false };

/** `(?i)` holds for the whole pattern, `(?i-s:…)` for one group. */
export interface FlagChange {
  readonly isGlobal: boolean;
  readonly on: string;
  readonly off: string;
}

/** Reads the letters after `(?` up to `)` or `:`; `first` has been taken already. */
export function readFlags(reader: PatternReader, start: number, first: string): FlagChange {
  let on = "";
  let off = "";
  let isOff = false;
  let char = first;
  if (!"-aiLmsux".includes(first)) {
    throw new PatternError(`unknown extension ?${first}`, reader.at - 2);
  }
  for (; char !== ")" && char !== ":"; char = reader.next("missing -, : or )")) {
    const at = reader.at - 1;
    if (char === "-" && !isOff) {
      isOff = true;
      continue;
    }
    if (!"aiLmsux".includes(char)) throw new PatternError("unknown flag", at);
    if (char === "L") throw new PatternError("bad inline flags: L is for bytes only", at);
    if (isOff && "au".includes(char)) {
      throw new PatternError("bad inline flags: cannot turn off flags a and u", at);
    }
    if (isOff) off += char;
    else on += char;
  }
  if (on.includes("a") && on.includes("u")) {
    throw new PatternError("bad inline flags: flags a and u are incompatible", start);
  }
  if (isOff && off === "") throw new PatternError("missing flag", reader.at - 1);
  if (isOff && char === ")") throw new PatternError("missing :", reader.at - 1);
  if (Array.from(off).some((flag) => on.includes(flag))) {
    throw new PatternError("bad inline flags: flag turned on and off", reader.at - 1);
  }
  return { isGlobal: char === ")", on, off };
}

/** `flags` with some turned on and some off. */
export function changeFlags(flags: Flags, { on, off }: Pick<FlagChange, "on" | "off">): Flags {
  const has = (name: keyof Flags): boolean =>
    (flags[name] || on.includes(name)) && !off.includes(name);
  return {
    i: has("i"),
    s: has("s"),
    m: has("m"),
    x: has("x"),
    a: has("a") && !on.includes("u"),
  };
}
