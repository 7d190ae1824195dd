import type { ShownExit } from "../events/shown-exit.ts";
import type { ProcessRef, Ticks } from "../../proc/pid.ts";
import type { ExitCode } from "../exit-code.ts";
import type { Host } from "../host/host.ts";
import type { HookFailure } from "../lifecycle/hook.ts";
import type { JobEnd } from "../lifecycle/job-end.ts";
import type { ShownHold } from "../state/hold.ts";
import type { Via } from "../state/record.ts";

/** The outcome of an action on one program. `--json` prints it without `code`. */
export interface ActionResult {
  readonly program: string;
  readonly action: "start" | "stop" | "restart" | "reload" | "signal" | "hold" | "release";
  /** A word for scripts: begun, waiting, started, running, stopped, killed, down, done, failed, busy, disabled, reloaded, signalled ... */
  readonly result: string;
  readonly code: ExitCode;
  readonly pid?: number;
  readonly via?: Via;
  readonly command?: string;
  readonly exit?: ShownExit;
  /** How long a job ran. */
  readonly tookSeconds?: number;
  /** What was sent to the process. */
  readonly signal?: NodeJS.Signals;
  /** By whom it is held from now on. */
  readonly hold?: ShownHold;
  /** One sentence for people. */
  readonly message: string;
  /** More lines, shown below. */
  readonly details?: readonly string[];
}

/** What an action needs besides the program. */
export interface Operation {
  readonly host: Host;
  readonly signal: AbortSignal;
  /** What is being done for the program, or waited for: a progress line. */
  readonly onProgress: (program: string, what: string) => void;
  readonly debug: (text: string) => void;
  /** Progress is the answer (`--no-wait`): that usrsvcd has taken the request is none, what it has begun is. */
  readonly isProgressAwaited?: boolean;
  /** Few programs are acted on: there is time to look closely at what each leaves behind. */
  readonly looksBehind?: boolean;
  /** usrsvcd has settings of the program that differ from those in use here. */
  readonly isOlderInDaemon?: boolean;
  /** True once nobody is waiting for it any more: what has not begun by then is left undone. */
  readonly isAbandoned?: () => boolean;
  /** Start time of the process that asks for it: an operator's stop that was called later has the last word. */
  readonly beganAt?: Ticks | undefined;
  /** Of a stop: the program for which it is stopped, and with which it comes back. */
  readonly stoppedFor?: string | undefined;
  /** Of a restart: nothing is to be done where its process was born since. */
  readonly unlessBornSince?: Ticks | undefined;
  /** Called when something was launched, for those that keep a log. */
  readonly onLaunched?: (process: ProcessRef) => void;
  /** Called when a hook has failed of which nothing depends, for those that keep a log. */
  readonly onFailedHook?: ((failure: HookFailure) => void) | undefined;
  /** Called when a job has ended before its start was over. */
  readonly onJobEnded?: (end: JobEnd) => void;
}

/** The result with more lines. */
export function withDetails(result: ActionResult, more: readonly string[]): ActionResult {
  return more.length === 0 ? result : { ...result, details: [...(result.details ?? []), ...more] };
}

/** Time for which a look through all processes is reused, in ms: with -P many programs ask at once. */
export const SHARED_LOOK_MS = 50;
