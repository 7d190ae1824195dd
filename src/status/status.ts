import type { ShownExit } from "../events/shown-exit.ts";
import type { ShownHold } from "../state/hold.ts";
import type { State } from "../state/states.ts";

/**
 * Version of the objects of `usrsvc status --json`. A key that is added does not change it; what is read in another way
 * than before would.
 */
export const STATUS_SCHEMA = 1;

/**
 * What `usrsvc status` tells of one program, and `--json` prints, one object a line. A public
 * promise: keys are added, never renamed. Keys without a value are absent.
 */
export interface ProgramStatus {
  /** {@link STATUS_SCHEMA}, in what `--json` prints. */
  readonly schema?: number;
  readonly program: string;
  readonly state: State;
  readonly enabled: boolean;
  /** It should run now, or have been done: no operator has stopped it, and it is not left to be started by hand. */
  readonly wanted: boolean;
  readonly pid?: number;
  /** How the process was found. */
  readonly via?: "launch" | "pidfile" | "scan";
  /** Age of the process. */
  readonly uptimeSeconds?: number;
  /** Private memory (smaps_rollup): what would come free if the process ended. */
  readonly privateBytes?: number;
  /** Processor time that the process has used since its birth. */
  readonly cpuSeconds?: number;
  /** The same as a share of one processor, over its life. */
  readonly cpuPercent?: number;
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
  /** Of one that is `starting` or `stopping`: whose command does that, where it is one. */
  readonly workedOnBy?: string;
  /** Of one that is `waiting`: the program, or check, that its start waits for. */
  readonly waitsFor?: string;
  /** ISO time of the next try. */
  readonly nextTryAt?: string;
  /** Of a job with a schedule: ISO time at which usrsvcd starts it next. */
  readonly nextDueAt?: string;
  /** Of a job: what became of its last run; `stopped`: an operator has ended it. */
  readonly lastRun?: "done" | "failed" | "stopped";
  /** What it says of itself (STATUS= of sd_notify). */
  readonly statusText?: string;
  /** By whom it is held: usrsvcd leaves it as it is. */
  readonly hold?: ShownHold;
  /** It ran until `usrsvc stop --remember`, and is down: when that was (ISO time), and by whom. */
  readonly remembered?: { readonly at: string; readonly by: string };
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
