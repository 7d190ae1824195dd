import type { Exit } from "../exit.ts";
import type { Pid, ProcessRef } from "../pid.ts";

/** Holds on to one process: no signal given here can reach another one that got its pid. */
export interface ProcessHandle extends Disposable {
  readonly ref: ProcessRef;
  /** False when the process is no longer there. Throws when it is not ours to signal. */
  signal(signal: NodeJS.Signals): boolean;
  /** Settles when the process ends, once; never when it is disposed of before. */
  readonly exited: Promise<Exit>;
  /** Looks whether it has ended, for who knows that it has: on a busy machine the notice may take its time. */
  look(): void;
}

/** Notices when processes end, children or not. */
export interface ProcessWatcher extends Disposable {
  /** `polling`: the kernel or koffi offers nothing better than a look at intervals. */
  readonly kind: "pidfd" | "polling";
  /** True for a child of ours that was adopted and not reaped yet. */
  isChild(pid: Pid): boolean;
  /**
   * Reaps a child of ours that is dead, if somebody watches it, and reports how it ended. False: nobody
   * does, and it is still there.
   */
  reap(pid: Pid): boolean;
  /** Called before a process that is nobody's child here is found dead: it may be an orphan by then. */
  beforeEnd: () => void;
  /** Undefined if the process is already gone. */
  open(ref: ProcessRef): ProcessHandle | undefined;
}
