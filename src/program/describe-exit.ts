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
      return "ended, exit status unknown";
    default:
      return assertNever(exit);
  }
}

/** The reason of a failure with the last line that the program wrote: it often is the true reason. */
export function withLastLine(reason: string, output: readonly string[]): string {
  const last = output.at(-1);
  return last === undefined ? reason : `${reason}; it wrote: ${last.slice(0, 200)}`;
}
