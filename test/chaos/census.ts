import { readdirSync, readFileSync } from "node:fs";

/** A process that a chaos run has made, or that stems from one, as /proc has it. */
export interface Seen {
  readonly pid: number;
  readonly ppid: number;
  readonly session: number;
  /** In ticks since boot: with the pid it names one process and no other. */
  readonly startTime: number;
  /** The words of its command line, joined by blanks. */
  readonly command: string;
  /** The world that it belongs to. */
  readonly world: string;
  /** As which program of that world it was started, and with which version of its settings. */
  readonly program: string | undefined;
  readonly version: number | undefined;
  /** Set for what the run has started itself, and usrsvc has not. */
  readonly stranger: string | undefined;
}

/** The variables by which what belongs to a run is known: children inherit them. */
export const WORLD = "CHAOS_WORLD";
export const PROGRAM = "CHAOS_PROGRAM";
export const STRANGER = "CHAOS_STRANGER";

const PF_KTHREAD = 0x00200000;
/** A process that shows no environment for so many looks has none. */
const MOST_LOOKS = 50;

interface Known {
  readonly startTime: number;
  readonly command: string;
  readonly environ: ReadonlyMap<string, string>;
}

/**
 * Who lives, read from /proc and from nowhere else. A look costs what was born since the last one: the
 * kernel gives pids in their order, and /proc/loadavg names the last.
 */
export class Census {
  readonly #tag: RegExp;
  /** Ours by pid. */
  readonly #known = new Map<number, Known>();
  /** In the middle of an exec, as it seems, and how often it was looked at. */
  readonly #undecided = new Map<number, number>();
  #lastPid = 0;
  #looks = 0;

  /** @param run what the names of its worlds begin with */
  constructor(run: string) {
    this.#tag = new RegExp(`${run}-\\d+`);
  }

  /** All that live and are no zombies, by the name of the world. */
  look({ full = false } = {}): ReadonlyMap<string, readonly Seen[]> {
    this.#looks += 1;
    const last = lastPid();
    const candidates =
      full || this.#looks === 1
        ? readdirSync("/proc").map(Number).filter(Number.isInteger)
        : between(this.#lastPid, last);
    this.#lastPid = last;
    const worlds = new Map<string, Seen[]>();
    for (const pid of new Set([...this.#known.keys(), ...this.#undecided.keys(), ...candidates])) {
      const seen = this.#judge(pid);
      if (seen === undefined) continue;
      const all = worlds.get(seen.world);
      if (all === undefined) worlds.set(seen.world, [seen]);
      else all.push(seen);
    }
    return worlds;
  }

  #judge(pid: number): Seen | undefined {
    const stat = readStat(pid);
    if (stat === undefined || /[ZX]/.test(stat.state)) {
      this.#known.delete(pid);
      this.#undecided.delete(pid);
      return undefined;
    }
    const known = this.#known.get(pid);
    const command = readWords(pid, "cmdline").join(" ");
    const isSame = known?.startTime === stat.startTime;
    // In the middle of an exec, or of leaving: what it was before.
    const isBlank = command === "" && isSame;
    const words = isBlank ? known.command : command;
    let environ = isSame ? known.environ : new Map<string, string>();
    if (!isSame || command !== known.command) {
      const now = environOf(pid);
      if (now.size > 0) environ = now;
    }
    const marks = `${environ.get(WORLD)} ${environ.get(PROGRAM)} ${words}`;
    const world = this.#tag.exec(marks)?.[0];
    // Threads have pids too.
    if (world === undefined || (!isSame && isThread(pid))) {
      this.#known.delete(pid);
      this.#postpone(pid, environ.size === 0 && words === "");
      return undefined;
    }
    this.#undecided.delete(pid);
    this.#known.set(pid, { startTime: stat.startTime, command: words, environ });
    const [, program, version] =
      /\/(\w+)\/v(\d+)/.exec(environ.get(PROGRAM) ?? "") ??
      /-\d+\/(p\d+)\/v(\d+)/.exec(words) ??
      [];
    const { ppid, session, startTime } = stat;
    return {
      pid,
      ppid,
      session,
      startTime,
      command: words,
      world,
      program,
      version: version === undefined ? undefined : Number(version),
      stranger: environ.get(STRANGER),
    };
  }

  #postpone(pid: number, isUndecided: boolean): void {
    const looks = this.#undecided.get(pid) ?? 0;
    if (isUndecided && looks < MOST_LOOKS) this.#undecided.set(pid, looks + 1);
    else this.#undecided.delete(pid);
  }
}

/** True while this very process lives, zombies left out. */
export function lives({ pid, startTime }: Pick<Seen, "pid" | "startTime">): boolean {
  const stat = readStat(pid);
  return stat !== undefined && stat.startTime === startTime && !/[ZX]/.test(stat.state);
}

/** Signals this process and none that got its pid meanwhile; false when it is gone. */
export function signal(target: Pick<Seen, "pid" | "startTime">, name: NodeJS.Signals): boolean {
  if (!lives(target)) return false;
  try {
    return process.kill(target.pid, name);
  } catch {
    return false;
  }
}

interface Stat {
  readonly state: string;
  readonly ppid: number;
  readonly session: number;
  readonly startTime: number;
}

/** Undefined for what is gone, and for threads of the kernel. */
export function readStat(pid: number): Stat | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch {
    return undefined;
  }
  // The name in brackets may hold anything.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const field = (number: number): number => Number(fields[number - 3]);
  if ((field(9) & PF_KTHREAD) !== 0) return undefined;
  return { state: fields[0] ?? "?", ppid: field(4), session: field(6), startTime: field(22) };
}

function isThread(pid: number): boolean {
  try {
    const group = /^Tgid:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1];
    return Number(group) !== pid;
  } catch {
    return true; // gone
  }
}

function lastPid(): number {
  return Number(readFileSync("/proc/loadavg", "latin1").trim().split(" ").at(-1));
}

const most = Number(readFileSync("/proc/sys/kernel/pid_max", "latin1"));

/** The pids given after `before`, up to `last`; they begin anew after the largest. */
function between(before: number, last: number): readonly number[] {
  const count = last >= before ? last - before : most - before + last;
  const all = Array.from({ length: count }, (_, index) => before + 1 + index);
  return last >= before ? all : all.map((pid) => (pid > most ? pid - most : pid));
}

function readWords(pid: number, name: "cmdline" | "environ"): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "utf8")
      .split("\0")
      .filter((word) => word !== "");
  } catch {
    return []; // gone, or another account's
  }
}

function environOf(pid: number): ReadonlyMap<string, string> {
  const pairs = readWords(pid, "environ").map((word): [string, string] => {
    const at = word.indexOf("=");
    return [word.slice(0, at), word.slice(at + 1)];
  });
  return new Map(
    pairs.filter(
      ([name]) => name === WORLD || name === PROGRAM || name === STRANGER || name === "HOME",
    ),
  );
}
