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

/** A regular expression that finds a process by its title, without what changes in it while the process runs. */
export function titleExpression(title: string): string {
  const lasting = /^sshd: .*\[listener\]/.exec(title)?.[0];
  return lasting === undefined ? exactExpression(title) : exactExpression(lasting).slice(0, -1);
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
  (title) => {
    const words = /^npm \S/.test(title) ? title.split(" ") : undefined;
    return words !== undefined && npmTitles(words).includes(title) ? words : undefined;
  },
];

function split(text: string | undefined): readonly string[] | undefined {
  return text?.trim().split(/ +/);
}
