import type { ExitCode } from "../../../exit-code.ts";
import type { Screen } from "../../screen.ts";

/** How usrsvcd begins to supervise: the entry point knows. */
export interface Begin {
  /**
   * Lets a child begin, where this process cannot go to the background itself, and yields its exit code;
   * undefined: it is up to us.
   */
  detached(how: How): Promise<ExitCode> | undefined;
  /** Supervises the programs of a configuration file until it is asked to end. */
  supervise(how: How, config: string, screen: Screen): Promise<ExitCode>;
}

/** What is asked of it. */
export interface How {
  /** The command that was called. */
  readonly action: "start" | "restart";
  readonly foreground: boolean;
  readonly json: boolean;
  readonly debug: boolean;
}
