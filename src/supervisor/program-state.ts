import type { Exit } from "../../proc/exit.ts";
import type { ProcessRef } from "../../proc/pid.ts";
import type { ProgramSettings } from "../config/settings.ts";
import type { Desired, State } from "../state/states.ts";
import { type BackoffContext, type Failures, noFailures } from "./backoff.ts";

/** A limit of a monitor that was exceeded: from the monitor to the start that answers it, the same value. */
export interface ExceededLimit {
  readonly monitor: string;
  /** In bytes or ms; `measured` is absent where nothing is. */
  readonly measured: number | undefined;
  readonly limit: number;
  /** The same in words. */
  readonly reason: string;
  /** It is no limit, but a restart that was planned: nothing went wrong. */
  readonly isPlanned?: true;
}

/** Why a program is started. */
export type StartCause =
  /** It does not run, and is to run whenever usrsvcd does. */
  | { readonly kind: "autostart" }
  /** It does not run, and an operator wanted it to. */
  | { readonly kind: "operator" }
  /** It ran in this boot, or was about to. */
  | { readonly kind: "resumed" }
  /** Its process has died. */
  | { readonly kind: "death" }
  /** The start before has failed. */
  | { readonly kind: "retry" }
  | EndCause;

/** Why a process that runs is ended, and what the start after that answers. */
export type EndCause =
  /** It exceeded a limit. */
  | ({ readonly kind: "limit" } & ExceededLimit)
  /** A program that it is restarted with was restarted. */
  | { readonly kind: "with"; readonly program: string; readonly reason: string }
  /** Its schedule says that it is to run now. */
  | { readonly kind: "due"; readonly reason: string };

/** Why a program is down. */
export type WhyStopped = "asked" | "disabled" | "ended" | "succeeded" | "not-started" | "held";

/** What a program starts after, and that is not ready. */
export interface WaitsFor {
  /** The name of a program, or a check. */
  readonly what: string;
  /** Why that is not ready, as far as it is known. */
  readonly reason: string | undefined;
}

/** The states are those that a record has and a user sees; before the first look it is none of them. */
interface In<Kind extends State | "unknown"> {
  readonly kind: Kind;
}

/** Where a program is, with what is known of it there. */
export type ProgramState =
  /** `cause`: of a start that trouble has prevented. */
  | (In<"unknown"> & { readonly cause?: StartCause | undefined })
  | (In<"stopped"> & { readonly why: WhyStopped })
  /** A job that has ended well. */
  | In<"done">
  | (In<"starting"> & { readonly cause: StartCause })
  | (In<"running"> & {
      readonly process: ProcessRef;
      readonly since: number;
      /** It was due meanwhile, and runs once more after this. */
      readonly isQueued?: true | undefined;
    })
  | (In<"stopping"> & {
      readonly process: ProcessRef;
      readonly cause: EndCause;
      /** Since when it ran. */
      readonly since: number;
      readonly isQueued?: true | undefined;
    })
  /** It is started when what it starts after is ready. */
  | (In<"waiting"> & { readonly cause: StartCause; readonly wait: WaitsFor })
  | (In<"backoff"> & {
      readonly until: number;
      readonly reason: string;
      /** Of the start that comes next. */
      readonly cause: StartCause;
    })
  | (In<"fatal"> & { readonly reason: string; readonly retry?: Retry | undefined });

/** When what was given up is tried again: retry_after, as it was then, and the moment. */
export interface Retry {
  readonly afterMs: number;
  readonly at: number;
}

/** What outlasts the states. */
export interface History extends Failures {
  /** Automatic restarts. */
  readonly restarts: number;
}

/** The history of a program of which nothing is known. */
export const noHistory: History = { ...noFailures, restarts: 0 };

/** Something that tells of an end. */
export interface Ended {
  /** It ended by itself, as success_exit says. Absent: it did not, or nobody knows. */
  readonly endedWell?: boolean | undefined;
}

/** A look: the truth as of now. */
export interface Observed extends Ended {
  readonly kind: "observed";
  readonly process: ProcessRef | undefined;
  readonly desired: Desired;
  /** The record says that it ran in this boot. */
  readonly ranBefore: boolean;
  /** It ended while usrsvcd was away. */
  readonly diedUnseen: boolean;
  /** An operator's start is on record that was not dealt with yet. */
  readonly startedByHand: boolean;
  /** What the record says of why it is down. */
  readonly reason?: string | undefined;
  /** In how many ms what was given up is to be tried again, as the record says. */
  readonly retryMs?: number | undefined;
  /** How it ended, when that is known and news. */
  readonly exit: Exit | undefined;
  /** The same of a job, for people. */
  readonly how?: string | undefined;
  /** A time of its schedule has come that nothing was answered to yet. */
  readonly isDue?: boolean | undefined;
  /** Undefined: it need not wait, or is not to be started. */
  readonly waitsFor?: WaitsFor | undefined;
}

/** What happened to a program. */
export type ProgramEvent =
  | Observed
  | { readonly kind: "started"; readonly process: ProcessRef }
  | ({ readonly kind: "start-failed"; readonly reason: string } & Ended)
  /** An operator wants to stop it, and waits for the lock: nothing was launched. */
  | { readonly kind: "start-called-off" }
  /** A monitor saw too much, or too little, of this process. */
  | {
      readonly kind: "limit-exceeded";
      readonly process: ProcessRef;
      readonly limit: ExceededLimit;
    }
  /** A program that it is restarted with has another process by now, which is this one. */
  | {
      readonly kind: "companion-restarted";
      readonly program: string;
      readonly process: ProcessRef;
    }
  /** It outlives SIGKILL. */
  | { readonly kind: "stuck" }
  /** An operator's hold has ended. */
  | { readonly kind: "released" }
  /** A program of the same name in another configuration file runs: that is another program. */
  | { readonly kind: "taken-elsewhere" }
  /** Something outside of the machine has failed: a full disk, no descriptor left. */
  | {
      readonly kind: "trouble";
      /** What runs all the same. */
      readonly process: ProcessRef | undefined;
      /** The history before what was decided and could not be done. */
      readonly undo: History | undefined;
    };

/** Something to be done. */
export type Effect =
  | { readonly kind: "start"; readonly cause: StartCause }
  /** End it for this; then look. */
  | { readonly kind: "stop"; readonly process: ProcessRef; readonly cause: EndCause }
  /** A process was found that was not started from here. */
  | { readonly kind: "take-up"; readonly process: ProcessRef }
  | {
      readonly kind: "note-death";
      readonly process: ProcessRef;
      readonly exit: Exit | undefined;
      /** What comes after it; `held`: nothing of what it has left is touched. */
      readonly next: "start" | "pause" | "nothing" | "held";
    }
  /** It was due while it ran, or was about to. */
  | { readonly kind: "note-overlap"; readonly overlap: "skip" | "queue" }
  | DownEffect
  /** Look again at this time. */
  | { readonly kind: "wake"; readonly at: number };

/** It does not run: to be written down, with what comes next. */
export type DownEffect =
  | { readonly kind: "note-stopped"; readonly why: WhyStopped }
  | { readonly kind: "note-done" }
  | { readonly kind: "note-called-off" }
  | {
      readonly kind: "note-waiting";
      readonly wait: WaitsFor;
      /** It did not wait for this before. */
      readonly isNews: boolean;
    }
  | { readonly kind: "back-off"; readonly delayMs: number; readonly reason: string }
  /** `retryMs`: tried again then; undefined: never. */
  | { readonly kind: "give-up"; readonly reason: string; readonly retryMs?: number | undefined }
  /** Of what was given up before: by another usrsvcd, or with another retry_after. */
  | { readonly kind: "note-retry"; readonly retryMs: number | undefined };

/** The facts of the moment. */
export interface Context extends BackoffContext {
  readonly settings: BackoffContext["settings"] &
    Pick<
      ProgramSettings,
      "type" | "enabled" | "autostart" | "autorestart" | "retryAfterMs" | "overlap"
    >;
  /** Monotonic, in ms. */
  readonly now: number;
  /** An operator has it left as it is. */
  readonly isHeld: boolean;
}

/** What an event leads to. */
export interface Step {
  readonly state: ProgramState;
  readonly history: History;
  readonly effects: readonly Effect[];
}
