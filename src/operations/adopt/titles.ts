import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { exactExpression } from "../../config/print-text.ts";
import { npmTitles } from "../../identity/npm-title.ts";
import { isDetached } from "./background.ts";
import type { Subject } from "./subject.ts";

/**
 * The command lines that may be behind a title, where the title tells: some programs keep their words in it. The caller
 * checks that they lead to the executable. What is not among these is a question for a person.
 */
export function guessWords(
  title: string,
  exe: string,
  subject: Subject,
): readonly (readonly string[])[] {
  return RULES.flatMap((rule) => {
    const words = rule(title, exe, subject);
    return words === undefined ? [] : [words];
  });
}

/** What changes in a title while the process runs, or with the next release: `0 of 10 busy`, `puma 6.4.2`. */
const PASSING = /\d+ of \d+|(?<![\d.:])\d+\.\d+\.\d+(?![\d.:])/g;

/** A regular expression that finds a process by its title, whatever changes in that. */
export function titleExpression(title: string): string {
  const lasting = /^sshd: .*\[listener\]/.exec(title)?.[0] ?? title;
  let text = "";
  let at = 0;
  for (const { 0: passing, index } of lasting.matchAll(PASSING)) {
    text += escaped(lasting.slice(at, index));
    text += passing.includes(" of ") ? String.raw`\d+ of \d+` : String.raw`[\d.]+`;
    at = index + passing.length;
  }
  return `^${text}${escaped(lasting.slice(at))}${lasting === title ? "$" : ""}`;
}

function escaped(text: string): string {
  return exactExpression(text).slice(1, -1);
}

type Rule = (title: string, exe: string, subject: Subject) => readonly string[] | undefined;

const RULES: readonly Rule[] = [
  // nginx joins its words with blanks.
  (title) => split(/^nginx: master process (.+)$/.exec(title)?.[1]),
  (title) => {
    const [, name, rest] =
      /^(\S*(?:unicorn|unicorn_rails|rainbows|pitchfork)) master (.*)$/.exec(title) ?? [];
    return name === undefined ? undefined : [name, ...(split(rest) ?? [])];
  },
  (title, exe, subject) => {
    const file = /^php-fpm: master process \((.+)\)$/.exec(title)?.[1];
    if (file === undefined) return undefined;
    const mode = isDetached(subject) ? "--daemonize" : "--nodaemonize";
    return [exe, mode, "--fpm-config", file];
  },
  (title) => split(/^sshd: (\/.+) \[listener\]/.exec(title)?.[1]),
  // Libraries for titles join words with blanks; that it was so is known by the script that is among them.
  (title, _exe, { particulars: { cwd } }) => {
    const words = split(title) ?? [];
    const script = words.slice(1).find((word) => !word.startsWith("-"));
    const isThere = script !== undefined && existsSync(resolve(cwd?.path ?? "/", script));
    return isThere ? words : undefined;
  },
  (title) => {
    const words = /^npm \S/.test(title) ? title.split(" ") : undefined;
    return words !== undefined && npmTitles(words).includes(title) ? words : undefined;
  },
];

function split(text: string | undefined): readonly string[] | undefined {
  return text?.trim().split(/ +/);
}
