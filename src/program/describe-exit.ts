import type { Exit } from "../../proc/exit.ts";
import { assertNever } from "../assert-never.ts";

/** An end in words: `exited with code 3`, `killed by SIGSEGV (core dumped)`. */
export function describeExit(exit: Exit): string {
  switch (exit.kind) {
    case "code":
      return `exited with code ${exit.code}`;
    case "signal":
      return `killed by ${exit.signal}${exit.coreDumped ? " (core dumped)" : ""}`;
    case "unknown":
      return "ended, exit status unknown: only its parent was told";
    default:
      return assertNever(exit);
  }
}

/** A line that tells of an error, as programs in many languages write it. */
const TELLING =
  /\b[A-Za-z]*(Error|Exception)\b|\b(error|fatal|panic|critical|emerg|alert|fail(ed|ure)?|cannot|could not|unable|denied|refused|in use|no such|not found|invalid|segmentation fault|out of memory)\b/i;
/** Below an error, where it came from. */
const STACK = /^\s*(at |File "|\.\.\. \d+ more)/;

/** Of what a program wrote last, the line that most likely tells why it ended; else the last one. */
export function tellingLine(output: readonly string[]): string | undefined {
  const line = output.findLast((one) => TELLING.test(one) && !STACK.test(one)) ?? output.at(-1);
  return line?.trim().slice(0, 200);
}

/** The reason of a failure with what the program wrote: that often is the true reason. */
export function withWords(reason: string, output: readonly string[]): string {
  const line = tellingLine(output);
  return line === undefined ? reason : `${reason}; it wrote: ${line}`;
}
