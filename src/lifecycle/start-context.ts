import type { ProcessRef } from "../../proc/pid.ts";
import type { Pattern } from "../identity/match.ts";
import type { Lock } from "../state/lock.ts";
import type { ProgramRecord } from "../state/record.ts";
import type { RecordStore } from "../state/record-store.ts";
import type { LifecyclePorts } from "./ports.ts";

/** What a start needs to know, besides the settings. */
export interface StartContext {
  readonly host: LifecyclePorts;
  readonly pattern: Pattern;
  /** The record as it is; `desired` and the counters are kept. */
  readonly record: ProgramRecord;
  /** The program's lock, at which the launch is noted. */
  readonly lock: Pick<Lock, "writeNote">;
  readonly signal: AbortSignal;
  /** Called when it was launched, or cannot be: the turn to launch is another's. */
  readonly endTurn?: () => void;
  /** Called when the process exists, for whoever shows progress. */
  readonly onLaunched?: (process: ProcessRef) => void;
  /** Called when it is known what its `ready` waits for, with words for whoever shows progress. */
  readonly onWaits?: (what: string) => void;
  /** Asked right before the launch: a process that is the program already, or undefined. */
  readonly findRunning?: () => ProcessRef | undefined;
  /**
   * It has run with these settings: what may speak against a start is only looked for when the
   * start fails.
   */
  readonly isProven?: boolean;
  /** Where its record is written. */
  readonly store: Pick<RecordStore, "write">;
}
