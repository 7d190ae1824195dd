import type { Exit } from "../../proc/exit.ts";
import type { ProcessRef, Ticks } from "../../proc/pid.ts";
import type { Desired, InState, State } from "./states.ts";

/** How a program's process became known. */
export type Via = "launch" | "pidfile" | "scan";

/** The end of a program's process. */
export interface LastExit {
  /** ISO time at which it was noticed. */
  readonly at: string;
  readonly pid: number;
  readonly exit: Exit;
  /** Who ended it, for people: usrsvc, usrsvcd, or none of them. */
  readonly by?: string | undefined;
  /** What it wrote last: the line that tells most. */
  readonly wrote?: string | undefined;
  /** The machine was booted since. */
  readonly isOfEarlierBoot?: true | undefined;
  /** Of a job: how long it ran, in ms. */
  readonly tookMs?: number | undefined;
}

/** What an operator has ended. */
export interface Ended {
  /** The program's process, as it was. */
  readonly process: ProcessRef;
  /** By which command: `usrsvc restart`. */
  readonly by: string;
}

/** What a record says in any state. */
export interface Known {
  readonly version: 1;
  readonly name: string;
  /** Boot id: in another boot only the counters mean anything. */
  readonly boot: string;
  readonly desired: Desired;
  /** When the operator's call that has set it was born. */
  readonly desiredAt: Ticks | undefined;
  /** While `desired` is down: the program for which it was stopped, and with which it comes back. */
  readonly stoppedFor?: string | undefined;
  /** Of an operator's stop: it lasts beyond the boot. */
  readonly stopLasts: "forever" | undefined;
  /**
   * The program's process, or what was launched to become it. Undefined in a state that has one: it has ended,
   * and what follows is not on record yet, or it is to be looked for. Defined in a state that has none: what
   * it has left is yet to be ended.
   */
  readonly process: ProcessRef | undefined;
  /** What was launched: the leader of the program's session and process group. */
  readonly launched: ProcessRef | undefined;
  /** Session of `process` where that is another than `launched` leads, and the program's own. */
  readonly session: number | undefined;
  /** `image` of the process (proc/stat.ts): what it forks without exec has the same. */
  readonly image: number | undefined;
  /** Its command line, where it has given itself another than it was started with. */
  readonly title: readonly string[] | undefined;
  /** The main configuration file of who wrote this; the same name in another is another program. */
  readonly config: string | undefined;
  /** What an operator's stop has named as what runs on: none of it is the program. */
  readonly runsOn: readonly ProcessRef[] | undefined;
  /** The pidfile that we wrote for it. */
  readonly pidfile: string | undefined;
  /** What marks the environment of `launched` and its children. */
  readonly launch: string | undefined;
  readonly via: Via | undefined;
  /** Which program of ours has launched it, for whoever it was; undefined: none, or it is not known. */
  readonly launcher: "usrsvc" | "usrsvcd" | undefined;
  /** Settings with which `process` was launched. */
  readonly digest: string | undefined;
  /** The same key by key, for who wants to know in which they differ (launch-parts.ts). */
  readonly parts?: Readonly<Record<string, string>> | undefined;
  /** What was launched last (runDigest). */
  readonly run: string | undefined;
  /** Automatic restarts since the program was last started by hand or by autostart. */
  readonly restarts: number;
  /** Failed starts since the program was last seen running. */
  readonly failures: number;
  readonly lastExit: LastExit | undefined;
  /** Kept when a start that fails has put its own end in `lastExit`. */
  readonly ended: Ended | undefined;
  /** Of a job with a schedule: ISO time up to which all times at which it was due were dealt with. */
  readonly dueUntil?: string | undefined;
  /** Why the program is in this state, for people. */
  readonly reason: string | undefined;
  /** ISO time of writing, empty before that, and the writer. */
  readonly at: string;
  readonly by: "usrsvc" | "usrsvcd";
}

/**
 * What outlives us about one program. Written only by who holds the program's lock, before it
 * acts: whoever comes next, after a SIGKILL of the writer at any instant, finds the process here.
 * transitions.ts and record-facts.ts lead from one record to the next.
 */
export type ProgramRecord = Known & InState;

/** A record in this state. */
export type RecordIn<S extends State> = ProgramRecord & { readonly state: S };

/** What is known of a process, by which what stems from it is known again. */
export type Traits = Pick<Known, "session" | "image" | "title">;

/** No process is the program's, nor what it was launched with. */
export const noProcess = { process: undefined, launched: undefined, session: undefined } as const;

/** A record of a program of which nothing is known. */
export function emptyRecord(
  name: string,
  boot: string,
  by: ProgramRecord["by"] = "usrsvc",
): RecordIn<"stopped"> {
  return {
    version: 1,
    name,
    boot,
    desired: "none",
    desiredAt: undefined,
    stopLasts: undefined,
    state: "stopped",
    process: undefined,
    launched: undefined,
    session: undefined,
    image: undefined,
    title: undefined,
    runsOn: undefined,
    config: undefined,
    pidfile: undefined,
    launch: undefined,
    via: undefined,
    launcher: undefined,
    digest: undefined,
    run: undefined,
    restarts: 0,
    failures: 0,
    lastExit: undefined,
    ended: undefined,
    reason: undefined,
    at: "",
    by,
  };
}
