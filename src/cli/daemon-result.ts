import type { ExitCode } from "../exit-code.ts";
import { jsonLine } from "../lib/tame.ts";
import type { DaemonAction } from "./args.ts";
import type { Screen } from "./screen.ts";

/** What an action of `usrsvcd` came to. `--json` prints it, with the code as `exitCode`. */
export interface DaemonResult {
  readonly action: DaemonAction;
  /** A word for scripts: running, stopped, killed, down, reread, rejected, valid, faulty, written, failed … */
  readonly result: string;
  readonly code: ExitCode;
  /** One sentence for people. */
  readonly message: string;
  /** Further lines for people; as JSON, `facts` have it. */
  readonly details?: readonly string[];
  /** Whatever else is known. */
  readonly facts?: Readonly<Record<string, unknown>>;
}

/** Prints a result, and yields its code. A failure goes to standard error, but as JSON it is a result, too. */
export function tellResult(result: DaemonResult, json: boolean, screen: Screen): ExitCode {
  const { action, result: word, code, message, details = [], facts } = result;
  const text = [message, ...details].join("\n");
  if (json) {
    screen.page(jsonLine({ action, result: word, exitCode: code, message, ...facts }));
  } else if (code === 0) screen.result(text);
  else screen.complain(text);
  return code;
}
