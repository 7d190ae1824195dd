import { splitWords } from "./shell/words.ts";
import type { Unit } from "./setting.ts";
import { inSeconds } from "./units.ts";
import { type RawValue, readSeconds, type Reading, wrong } from "./values.ts";

/** A command that a key names. */
export interface CommandText {
  /** As written: a shell line, where the program has `useshell`. */
  readonly text: string;
  readonly words: readonly string[];
}

/** A command, or nothing. It may hold a password: messages do not quote it. */
export function readCommandText({ text }: RawValue): Reading<CommandText | undefined> {
  if (text === "") return { value: undefined };
  if (text.includes("\0")) return { problem: "must not contain a NUL character" };
  const split = splitWords(text);
  if ("problem" in split) return { problem: `cannot be split into words: ${split.problem}` };
  if ((split.words[0] ?? "") === "") return { problem: "names no command" };
  return { value: { text, words: split.words } };
}

/** How long a command may take, in ms. */
export function readHookTimeout(raw: RawValue): Reading<number> {
  const reading = readSeconds(raw);
  if ("problem" in reading || reading.value > 0) return reading;
  return wrong(raw, "is no time for a hook; write how long it may take, such as 30s");
}

/** A command, whose first word may begin with `~/`. */
export const commandText: Unit<CommandText | undefined> = {
  name: "",
  isPath: true,
  parse: readCommandText,
  print: (command) => command?.text ?? null,
};

/** How long a hook may take, in ms. */
export const hookTimeout: Unit<number> = inSeconds(readHookTimeout);
