import type { Exit } from "../../proc/exit.ts";
import { assertNever } from "./assert-never.ts";

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
