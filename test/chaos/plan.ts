import { kindOf, type KindName } from "./kinds.ts";
import { Random } from "./random.ts";

/** What befalls a command while it runs. */
export interface Fault {
  readonly afterMs: number;
  readonly signal: "SIGKILL" | "SIGTERM" | "SIGINT" | "SIGSTOP";
  /** After SIGSTOP: when it may go on. */
  readonly resumeMs?: number;
}

/** What is put in the place of a file. */
export type Mess = "gone" | "empty" | "garbage" | "half" | "another's" | "old" | "folder";

/** One operation. It makes sense, or does nothing, in whatever state it finds the world. */
export type Operation = {
  /** When, in ms from the beginning of its round; a caller that is late does it at once. */
  readonly at: number;
  /** Who: each caller does one thing after the other. */
  readonly by: number;
} & (
  | {
      readonly do: "call";
      readonly tool: "usrsvc" | "usrsvcd";
      readonly words: readonly string[];
      readonly fault?: Fault;
    }
  /** usrsvcd itself is hit. */
  | { readonly do: "hit"; readonly fault: Fault }
  | {
      readonly do: "crash";
      readonly program: string;
      readonly who: "first" | "all" | "one";
      readonly signal: "SIGKILL" | "SIGSEGV" | "SIGTERM" | "SIGUSR1";
      /** Which of them, where it is one. */
      readonly nth: number;
    }
  | {
      readonly do: "edit";
      readonly program: string;
      readonly how:
        "add" | "remove" | "command" | "shell" | "disable" | "enable" | "break" | "mend";
    }
  /** Breaks, or mends, what concerns all programs of the file. */
  | { readonly do: "file"; readonly how: "main" | "mode" | "gone" | "mend" }
  | {
      readonly do: "spoil";
      readonly what: "record" | "pidfile" | "request" | "stop" | "info";
      readonly program: string;
      readonly mess: Mess;
    }
  | {
      readonly do: "stranger";
      readonly program: string;
      readonly what: "namesake" | "viewer" | "elsewhere" | "marked";
    }
);

/** Operations that overlap, and then a calm. */
export interface Round {
  readonly operations: readonly Operation[];
  /** In the calm, before it is looked: restarts all, and then each must have its newest settings. */
  readonly restartsAll: boolean;
  /** In the calm, when all was right: all records are deleted, and it must be right again. */
  readonly forgets: boolean;
  /**
   * In the calm: all that runs is killed, and must come back; what a command that was killed has left
   * undone may not show before.
   */
  readonly killsAll: boolean;
}

/** The life of one world: enough to do it all again. */
export interface Plan {
  readonly seed: number;
  readonly programs: readonly { readonly name: string; readonly kind: KindName }[];
  readonly rounds: readonly Round[];
}

const CALLERS = 3;
const ROUNDS = 6;
/** A round has so many operations for each caller. */
const LEAST_EACH = 3;
const MOST_EACH = 6;
/** Between two operations of a caller, in ms. */
const LONGEST_PAUSE_MS = 400;

/** What is drawn how often, in parts. */
const often = { call: 58, hit: 9, crash: 14, edit: 7, file: 2, spoil: 8, stranger: 4 };

/** A world by chance: the same one for the same seed and kinds. */
export function makePlan(seed: number, kinds: readonly KindName[]): Plan {
  const random = new Random(seed);
  const programs = Array.from({ length: random.whole(4, 8) }, (_, index) => ({
    name: `p${index + 1}`,
    kind: random.pick(kinds),
  }));
  const rounds = Array.from({ length: ROUNDS }, () => makeRound(random, programs));
  return { seed, programs, rounds };
}

type Programs = Plan["programs"];

function makeRound(random: Random, programs: Programs): Round {
  const operations: Operation[] = [];
  for (let by = 0; by < CALLERS; by += 1) {
    const count = random.whole(LEAST_EACH, MOST_EACH);
    for (let at = 0, left = count; left > 0; left -= 1) {
      at += random.whole(0, LONGEST_PAUSE_MS);
      operations.push({ at, by, ...makeOperation(random, programs) });
    }
  }
  operations.sort((a, b) => a.at - b.at);
  return {
    operations,
    restartsAll: random.chance(0.12),
    forgets: random.chance(0.15),
    killsAll: random.chance(0.25),
  };
}

type Without<T> = T extends unknown ? Omit<T, "at" | "by"> : never;
type Draft = Without<Operation>;

function makeOperation(random: Random, programs: Programs): Draft {
  const { name, kind } = random.pick(programs);
  const kindOfIt = kindOf(kind);
  const word = random.weighted(often);
  switch (word) {
    case "call":
      return makeCall(random, programs);
    case "hit":
      return { do: "hit", fault: makeFault(random, 1, 400) };
    case "crash": {
      const who = random.weighted({ first: 5, all: 2, one: 2 });
      return {
        do: "crash",
        program: name,
        who: who === "one" && kindOfIt.isHitAsWhole === true ? "all" : who,
        signal: random.weighted({ SIGKILL: 5, SIGSEGV: 2, SIGTERM: 1, SIGUSR1: 2 }),
        nth: random.whole(0, 5),
      };
    }
    case "edit": {
      const hows = {
        add: 3,
        remove: 2,
        command: 3,
        shell: kindOfIt.mayBeShell === true ? 4 : 0,
        disable: 1,
        enable: 2,
        break: 2,
        mend: 2,
      };
      return { do: "edit", program: name, how: random.weighted(hows) };
    }
    case "file":
      return { do: "file", how: random.weighted({ main: 2, mode: 1, gone: 1, mend: 4 }) };
    case "spoil":
      return makeMess(random, name);
    case "stranger": {
      const what = random.weighted({
        namesake: 2,
        viewer: 2,
        elsewhere: kind === "hereA" || kind === "hereB" ? 6 : 0,
        marked: 2,
      });
      return { do: "stranger", program: name, what };
    }
  }
}

function makeCall(random: Random, programs: Programs): Draft {
  const names = programs.map(({ name }) => name);
  const words: string[] = [];
  const action = random.weighted({
    start: 22,
    stop: 18,
    restart: 22,
    status: 10,
    reread: 8,
    daemon: 14,
    daemonStop: 3,
    daemonRestart: 3,
  });
  const fault = random.chance(0.4) ? { fault: makeFault(random, 20, 900) } : {};
  if (action === "reread") return { do: "call", tool: "usrsvcd", words: ["reread"], ...fault };
  if (action === "daemon") return { do: "call", tool: "usrsvcd", words: ["start"], ...fault };
  if (action === "daemonStop") return { do: "call", tool: "usrsvcd", words: ["stop"], ...fault };
  if (action === "daemonRestart") {
    return { do: "call", tool: "usrsvcd", words: ["restart"], ...fault };
  }
  const whom = random.weighted({ one: 7, several: 4, all: 1 });
  if (whom === "one") words.push(random.pick(names));
  else if (whom === "several") words.push(...random.some(names, 4));
  else words.push("all");
  if (whom !== "one" && action !== "status" && random.chance(0.6)) words.push("-P");
  const isStart = action === "start" || action === "restart";
  if (isStart && random.chance(0.1)) words.push("--here");
  if (isStart && random.chance(0.1)) words.push("--reread");
  return { do: "call", tool: "usrsvc", words: [action, ...words], ...fault };
}

function makeFault(random: Random, leastMs: number, mostMs: number): Fault {
  const signal = random.weighted({ SIGKILL: 6, SIGTERM: 2, SIGINT: 1, SIGSTOP: 2 });
  const afterMs = random.spread(leastMs, mostMs);
  return signal === "SIGSTOP"
    ? { afterMs, signal, resumeMs: random.spread(50, 1800) }
    : { afterMs, signal };
}

function makeMess(random: Random, program: string): Draft {
  const what = random.weighted({ record: 5, pidfile: 5, request: 1, stop: 2, info: 1 });
  const mess = random.weighted<Mess>({
    gone: 4,
    empty: 1,
    garbage: 2,
    half: 2,
    "another's": 2,
    old: 1,
    folder: 1,
  });
  return { do: "spoil", what, program, mess };
}

/** An operation in a line, for people. */
export function describeOperation(operation: Operation): string {
  switch (operation.do) {
    case "call":
      return `${operation.tool} ${operation.words.join(" ")}${describeFault(operation.fault)}`;
    case "hit":
      return `usrsvcd:${describeFault(operation.fault)}`;
    case "crash":
      return `${operation.signal} to ${operation.who} of ${operation.program} (${operation.nth})`;
    case "edit":
      return `edit: ${operation.how} ${operation.program}`;
    case "file":
      return `edit: ${operation.how === "mend" ? "mend the file" : `spoil the file: ${operation.how}`}`;
    case "spoil":
      return `${operation.what} of ${operation.program}: ${operation.mess}`;
    case "stranger":
      return `a stranger beside ${operation.program}: ${operation.what}`;
  }
}

function describeFault(fault: Fault | undefined): string {
  if (fault === undefined) return "";
  const { afterMs, signal, resumeMs } = fault;
  const then = resumeMs === undefined ? "" : `, SIGCONT ${resumeMs} ms later`;
  return ` … ${signal} after ${afterMs} ms${then}`;
}
