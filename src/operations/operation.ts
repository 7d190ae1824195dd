import type { ShownExit } from "../events/shown-exit.ts";
import type { ProcessRef, Ticks } from "../../proc/pid.ts";
import type { ExitCode } from "../exit-code.ts";
import type { Host } from "../host/host.ts";
import type { Via } from "../state/record.ts";

/** What an action on one program came to. `--json` prints it without `code`. */
export interface ActionResult {
  readonly program: string;
  readonly action: "start" | "stop" | "restart";
  /** A word for scripts: started, running, stopped, killed, down, failed, busy, disabled ... */
  readonly result: string;
  readonly code: ExitCode;
  readonly pid?: number;
  readonly via?: Via;
  readonly command?: string;
  readonly exit?: ShownExit;
  /** One sentence for people. */
  readonly message: string;
  /** Further lines, shown below. */
  readonly details?: readonly string[];
}

/** What an action needs besides the program. */
export interface Operation {
  readonly host: Host;
  readonly signal: AbortSignal;
  /** What is being done or waited for, for a progress line. */
  readonly onProgress: (text: string) => void;
  readonly debug: (text: string) => void;
  /** Few programs are acted on: there is time to look closely what each leaves behind. */
  readonly looksBehind?: boolean;
  /** usrsvcd has other settings of the program than those that are acted with. */
  readonly isOlderInDaemon?: boolean;
  /** True once nobody waits for it any more: what has not begun by then is left undone. */
  readonly isAbandoned?: () => boolean;
  /** When who asks for it was born: an operator's stop that was called later has the last word. */
  readonly beganAt?: Ticks | undefined;
  /** Called when something was launched, for who keeps a log. */
  readonly onLaunched?: (process: ProcessRef) => void;
}

/** The result with further lines. */
export function withDetails(result: ActionResult, more: readonly string[]): ActionResult {
  return more.length === 0 ? result : { ...result, details: [...(result.details ?? []), ...more] };
}

/** With -P many programs ask at once: a look through all processes serves all for so long, in ms. */
export const SHARED_LOOK_MS = 50;
