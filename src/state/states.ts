/**
 * Where a program stands, as supervisord names it: in its record, in what usrsvcd decides, in `status` and its
 * JSON. A public promise: states are added, never renamed. docs/commands.md says what they mean.
 */
export const stateTraits = {
  stopped: { isUp: false, isRight: false, tellsThatItRan: false, isToCome: false },
  done: { isUp: false, isRight: true, tellsThatItRan: false, isToCome: false },
  waiting: { isUp: false, isRight: false, tellsThatItRan: true, isToCome: true },
  starting: { isUp: true, isRight: true, tellsThatItRan: true, isToCome: true },
  running: { isUp: true, isRight: true, tellsThatItRan: true, isToCome: true },
  stopping: { isUp: true, isRight: true, tellsThatItRan: false, isToCome: false },
  backoff: { isUp: false, isRight: false, tellsThatItRan: true, isToCome: true },
  fatal: { isUp: false, isRight: false, tellsThatItRan: true, isToCome: false },
} as const satisfies Record<string, StateTraits>;

/** What follows from a state, wherever that is asked. */
interface StateTraits {
  /** It has a process: usrsvcd need not look for one. */
  readonly isUp: boolean;
  /** All is as it should be, for the exit code of `status`. */
  readonly isRight: boolean;
  /** A record that names no process says all the same that the program ran, or was kept running, in this boot. */
  readonly tellsThatItRan: boolean;
  /** Where nothing runs, usrsvcd is about to start it: what starts after it may wait for that. */
  readonly isToCome: boolean;
}

export type State = keyof typeof stateTraits;
/** Their names, in this order everywhere. */
export const states = Object.keys(stateTraits) as readonly State[];

/** What a person (or usrsvcd in their place) wants of a program. `down` lasts until the next boot, or beyond. */
export const desires = ["up", "down", "none"] as const;
export type Desired = (typeof desires)[number];
