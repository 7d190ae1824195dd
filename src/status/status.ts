import type { ShownExit } from "../events/shown-exit.ts";
import type { State } from "../state/states.ts";

/**
 * What `usrsvc status` tells of one program, and `--json` prints, one object a line. A public
 * promise: keys are added, never renamed. Keys without a value are absent.
 */
export interface ProgramStatus {
  readonly program: string;
  readonly state: State;
  readonly enabled: boolean;
  readonly pid?: number;
  /** How the process was found. */
  readonly via?: "launch" | "pidfile" | "scan";
  /** Age of the process. */
  readonly uptimeSeconds?: number;
  /** Private memory (smaps_rollup): what would come free if the process ended. */
  readonly privateBytes?: number;
  readonly command?: string;
  /** Automatic restarts since it was last started by hand or by autostart. */
  readonly restarts: number;
  /** Failed starts since it was last seen running. */
  readonly failures: number;
  readonly lastExit?: ShownExit;
  /** For a program that is down (or in trouble): why. */
  readonly reason?: string;
  /** For a program that is down: what happens next. */
  readonly next?: string;
  /** ISO time of the next try. */
  readonly nextTryAt?: string;
  /** Of a job with a schedule: ISO time at which usrsvcd starts it next. */
  readonly nextDueAt?: string;
  /** Of a job: what became of its last run; `stopped`: an operator has ended it. */
  readonly lastRun?: "done" | "failed" | "stopped";
  /** What it says of itself (STATUS= of sd_notify). */
  readonly statusText?: string;
  /** The process runs with settings that have been changed since. */
  readonly olderSettings?: true;
  /** In which keys these differ, `Env.NAME` for a variable; absent where that is not on record. */
  readonly olderKeys?: readonly string[];
  /** Found running, and not as it would be started: what is otherwise. */
  readonly differences?: readonly string[];
  /** Further matching processes, which are none of its workers. */
  readonly otherPids?: readonly number[];
  /** What is wrong with its configuration, pidfile or record. */
  readonly problems?: readonly string[];
  /** What concerns all programs: that usrsvcd does not run, is of another version, has not read a change. */
  readonly notes?: readonly string[];
}
