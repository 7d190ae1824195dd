import type { ExitCode } from "../exit-code.ts";

/** What an action of `usrsvcd` came to. `--json` prints it, with the code as `exitCode`. */
export interface DaemonResult {
  /** The command. */
  readonly action: string;
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
