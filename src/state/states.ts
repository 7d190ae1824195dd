import type { Ticks } from "../../proc/pid.ts";
import { asCount, asNumber, asText, isObject } from "./named-object.ts";

/**
 * Where a program stands, as supervisord names it: in its record, in what usrsvcd decides, in `status` and its
 * JSON. A public promise: states are added, never renamed. docs/commands.md says what they mean.
 */
export const stateTraits = {
  stopped: {
    isUp: false,
    isRight: false,
    tellsThatItRan: false,
    isToCome: false,
    tone: "faint",
    rank: 8,
    counted: { word: "stopped", place: 7 },
    notReady: undefined,
    elsewhere: undefined,
  },
  done: {
    isUp: false,
    isRight: true,
    tellsThatItRan: false,
    isToCome: false,
    tone: "good",
    rank: 7,
    counted: { word: "done", place: 6 },
    notReady: undefined,
    elsewhere: "has ended there, as a job does",
  },
  waiting: {
    isUp: false,
    isRight: false,
    tellsThatItRan: true,
    isToCome: true,
    tone: "busy",
    rank: 3,
    counted: { word: "waiting", place: 3 },
    notReady: "it is waiting itself",
    elsewhere: "waits there for what it starts after",
  },
  starting: {
    isUp: true,
    isRight: true,
    tellsThatItRan: true,
    isToCome: true,
    tone: "busy",
    rank: 4,
    counted: { word: "starting", place: 1 },
    notReady: "it is starting",
    elsewhere: undefined,
  },
  running: {
    isUp: true,
    isRight: true,
    tellsThatItRan: true,
    isToCome: true,
    tone: "good",
    rank: 6,
    counted: { word: "running", place: 0 },
    notReady: undefined,
    elsewhere: undefined,
  },
  stopping: {
    isUp: true,
    isRight: true,
    tellsThatItRan: false,
    isToCome: false,
    tone: "busy",
    rank: 5,
    counted: { word: "stopping", place: 2 },
    notReady: "it is stopping",
    elsewhere: undefined,
  },
  backoff: {
    isUp: false,
    isRight: false,
    tellsThatItRan: true,
    isToCome: true,
    tone: "bad",
    rank: 1,
    counted: { word: "backing off", place: 4 },
    notReady: "it is to be tried again",
    elsewhere: "waits there for its next start",
  },
  fatal: {
    isUp: false,
    isRight: false,
    tellsThatItRan: true,
    isToCome: false,
    tone: "bad",
    rank: 0,
    counted: { word: "given up", place: 5 },
    notReady: "it was given up",
    elsewhere: "was given up there",
  },
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
  /** As it should be, on its way, calling for somebody, or down for good reason: the colour on a terminal. */
  readonly tone: "good" | "busy" | "bad" | "faint";
  /** Where programs are sorted by state, what calls for somebody comes first. */
  readonly rank: number;
  /** Its word where programs are counted, and its place there: what runs comes first, then what may need somebody. */
  readonly counted: { readonly word: string; readonly place: number };
  /** Why what starts after it has to wait; undefined: not for the state alone. */
  readonly notReady: string | undefined;
  /** How it is told of a program of another configuration file; undefined: that it is looked after there. */
  readonly elsewhere: string | undefined;
}

export type State = keyof typeof stateTraits;
/** Their names, in this order everywhere. */
export const states = Object.keys(stateTraits) as readonly State[];

/** What a person (or usrsvcd in their place) wants of a program. `down` lasts until the next boot, or beyond. */
export const desires = ["up", "down", "none"] as const;
export type Desired = (typeof desires)[number];

/** A state, with what a record says in that one and in no other. */
export type InState =
  | { readonly state: "stopped" }
  /** A job that has ended well. */
  | { readonly state: "done" }
  /** Down, until what it starts after is ready. */
  | {
      readonly state: "waiting";
      /** What it starts after and is not ready, for people; `reason` says why it is down. */
      readonly waitsFor: string | undefined;
      /** ISO time since when. */
      readonly since: string | undefined;
    }
  /** Launched, and nobody has said yet that it is the program: whoever launched it looks on, or was killed. */
  | {
      readonly state: "starting";
      /** When its start window is over: success_seconds after its birth, as they were then. */
      readonly windowEndsAt: Ticks | undefined;
      /** The ends of its logs before it, where its `ready` is a line of them. */
      readonly logged?: LogsBefore | undefined;
    }
  | { readonly state: "running" }
  /** It was told to end. */
  | { readonly state: "stopping" }
  /** Down, until the next try. */
  | {
      readonly state: "backoff";
      /** ISO time of it. */
      readonly nextTryAt: string | undefined;
    }
  /** Given up. */
  | {
      readonly state: "fatal";
      /** ISO time of the next try, where there is one. */
      readonly nextTryAt?: string | undefined;
    };

type OwnKey<S extends State> = Exclude<keyof (InState & { readonly state: S }), "state">;

/** The keys of that, which a record loses when it leaves the state. */
export const ownKeys: { readonly [S in State]: { readonly [Key in OwnKey<S>]-?: true } } = {
  stopped: {},
  done: {},
  waiting: { waitsFor: true, since: true },
  starting: { windowEndsAt: true, logged: true },
  running: {},
  stopping: {},
  backoff: { nextTryAt: true },
  fatal: { nextTryAt: true },
};

/** Where in which files the output of a program begins. */
export interface LogsBefore {
  readonly stdout: LogBefore;
  readonly stderr: LogBefore;
}

/** The end of one, in bytes, and which file it was. */
interface LogBefore {
  readonly size: number;
  readonly dev: number;
  readonly ino: number;
}

/** The state of a record that was read, with what goes with it. */
export function readState(state: State, raw: Record<string, unknown>): InState {
  return readers[state](raw);
}

const readers: {
  readonly [S in State]: (raw: Record<string, unknown>) => InState & { readonly state: S };
} = {
  stopped: () => ({ state: "stopped" }),
  done: () => ({ state: "done" }),
  waiting: ({ waitsFor, since }) => ({
    state: "waiting",
    waitsFor: asText(waitsFor),
    since: asText(since),
  }),
  starting: ({ windowEndsAt, logged }) => ({
    state: "starting",
    windowEndsAt: asNumber(windowEndsAt) as Ticks | undefined,
    ...asLogs(logged),
  }),
  running: () => ({ state: "running" }),
  stopping: () => ({ state: "stopping" }),
  backoff: ({ nextTryAt }) => ({ state: "backoff", nextTryAt: asText(nextTryAt) }),
  fatal: ({ nextTryAt }) => {
    const at = asText(nextTryAt);
    return at === undefined ? { state: "fatal" } : { state: "fatal", nextTryAt: at };
  },
};

/** In a record of its own key, which most have not. */
function asLogs(value: unknown): { readonly logged?: LogsBefore } {
  if (!isObject(value)) return {};
  const stdout = asLog(value["stdout"]);
  const stderr = asLog(value["stderr"]);
  return stdout === undefined || stderr === undefined ? {} : { logged: { stdout, stderr } };
}

function asLog(value: unknown): LogBefore | undefined {
  if (!isObject(value)) return undefined;
  return { size: asCount(value["size"]), dev: asCount(value["dev"]), ino: asCount(value["ino"]) };
}
