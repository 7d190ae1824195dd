import { shorten } from "../lib/format.ts";

/** A line that reports an error, as programs in many languages write it. */
const TELLING =
  /\b[A-Za-z]*(Error|Exception)\b|\b(error|fatal|panic|critical|emerg|alert|fail(ed|ure)?|cannot|could not|unable|denied|refused|in use|no such|not found|invalid|segmentation fault|out of memory)\b/i;
/** Below an error, where it came from. */
const STACK = /^\s*(at |File "|\.\.\. \d+ more)/;

/** What npm, yarn and pnpm write before they execute a script (`> app@1.0.0 start`, `$ node server.js`). */
const BANNER = /^\s*(> \S|\$ \S|yarn run v\d|npm notice\b)/;
/** What is no error, but comes with one: from Node, and from whatever executed a script that failed. */
const ABOUT_IT =
  /^\s*(Node\.js v\d|Emitted '\w+' event |npm (ERR!|error|warn)|error Command failed with|info Visit |ELIFECYCLE|\S* ?ELIFECYCLE\b|make(\[\d+\])?: \*\*\*)/i;
/** Words of npm's that are informative. */
const OF_NPM = /^\s*npm (ERR!|error) (Missing script|.*\b(E[A-Z]{4,}|no such file)\b)/i;

/**
 * Of what a program wrote last, the line that most likely says why it ended; else the last one. What its
 * runner wrote about it counts only where there is nothing else.
 */
export function tellingLine(output: readonly string[]): string | undefined {
  const lines = output.filter((one) => !BANNER.test(one));
  const own = lines.filter((one) => !ABOUT_IT.test(one));
  const isTelling = (one: string): boolean => TELLING.test(one) && !STACK.test(one);
  const line =
    own.findLast(isTelling) ??
    lines.findLast((one) => OF_NPM.test(one)) ??
    own.at(-1) ??
    lines.findLast(isTelling) ??
    lines.at(-1);
  return line === undefined ? undefined : shorten(line.trim(), 200);
}

/** The reason of a failure with what the program wrote: that often is the true reason. */
export function withWords(reason: string, output: readonly string[]): string {
  const line = tellingLine(output);
  return line === undefined ? reason : `${reason}; it wrote: ${line}`;
}
