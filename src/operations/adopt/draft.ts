import { printComment, printPair } from "../../config/print-text.ts";
import { tame } from "../../lib/tame.ts";

/** A section for a program, before it is text. */
export interface Draft {
  readonly name: string;
  /** Comments above it. */
  readonly head: readonly string[];
  /** Undefined: a person has to write it, as `question` says. */
  readonly command: string | undefined;
  readonly question: Question | undefined;
  readonly keys: readonly DraftKey[];
  readonly env: ReadonlyMap<string, string>;
  /** Comments at the end of [[Env]]. */
  readonly envNotes: readonly string[];
}

/** A command that nobody can tell from the process. */
export interface Question {
  readonly text: string;
  /** How the command begins. */
  readonly program: string;
}

/** A setting; without a value a comment that says why there is none. */
export interface DraftKey {
  readonly key: string;
  readonly value: string | undefined;
  readonly note?: string | undefined;
}

/** A section as text. */
export interface Composed {
  readonly text: string;
  /** The keys of its lines, counted from 1. */
  readonly keys: ReadonlyMap<number, string>;
}

/**
 * Writes the section. `dropped`: keys that cannot be, with the reason; `isAsked`: a command that is not known is a
 * comment, as it is shown (else the program alone, to see whether the rest is right).
 */
export function compose(
  draft: Draft,
  dropped: ReadonlyMap<string, string>,
  isAsked: boolean,
): Composed {
  const lines: string[] = [];
  const keys = new Map<number, string>();
  const comment = (text: string, indent = ""): void => {
    lines.push(...printComment(tame(text), indent));
  };
  const pair = (key: string, value: string, indent = ""): void => {
    const line = dropped.has(key) ? undefined : printPair(key, value);
    if (line === undefined) {
      comment(`${key}: ${dropped.get(key) ?? "its value cannot be written in this file"}`, indent);
      return;
    }
    keys.set(lines.length + 1, key);
    lines.push(...`${indent}${line}`.split("\n"));
  };
  for (const text of draft.head) comment(text);
  lines.push(`[Program:${draft.name}]`);
  const { command, question } = draft;
  if (question !== undefined) comment(question.text);
  if (command !== undefined) pair("command", command);
  else if (question !== undefined && isAsked) lines.push(`#command = ${tame(question.program)} …`);
  else pair("command", question?.program ?? "");
  for (const { key, value, note } of draft.keys) {
    if (note !== undefined) comment(note);
    if (value !== undefined) pair(key, value);
  }
  if (draft.env.size > 0 || draft.envNotes.length > 0) {
    lines.push("", "    [[Env]]");
    for (const [name, value] of draft.env) pair(name, value, "    ");
    for (const note of draft.envNotes) comment(note, "    ");
  }
  return { text: `${lines.join("\n")}\n`, keys };
}
