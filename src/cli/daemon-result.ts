import type { ExitCode } from "../exit-code.ts";
import { jsonLine } from "../lib/tame.ts";
import type { DaemonResult } from "../operations/daemon/result.ts";
import type { Screen } from "./screen.ts";

/** Prints a result, and yields its code. A failure goes to standard error, but in JSON it is a result, too. */
export function tellResult(result: DaemonResult, json: boolean, screen: Screen): ExitCode {
  const { action, result: word, code, message, details = [], facts } = result;
  const text = [message, ...details].join("\n");
  if (json) {
    screen.page(jsonLine({ action, result: word, exitCode: code, message, ...facts }));
  } else if (code === 0) screen.result(text);
  else screen.complain(text);
  return code;
}
