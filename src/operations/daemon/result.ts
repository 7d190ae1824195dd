import type { ExitCode } from "../../exit-code.ts";

/** The outcome of an action of `usrsvcd`. `--json` prints it, with the code as `exitCode`. */
export interface DaemonResult {
  /** The command. */
  readonly action: string;
  /** A word for scripts: running, stopped, killed, down, reread, rejected, valid, faulty, written, failed … */
  readonly result: string;
  readonly code: ExitCode;
  /** One sentence for people. */
  readonly message: string;
  /** More lines for people; in JSON, `facts` has it. */
  readonly details?: readonly string[];
  /** Whatever else is known. */
  readonly facts?: Readonly<Record<string, unknown>>;
}
