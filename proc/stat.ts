import { ProcError } from "./error.ts";
import type { Pid, Ticks } from "./pid.ts";

/** What we need of `/proc/<pid>/stat`. */
export interface Stat {
  readonly pid: Pid;
  /** Name of the executable, at most 15 bytes; may contain blanks and brackets. */
  readonly comm: string;
  /** One letter of proc_pid_stat(5): R, S, D, Z (zombie), T, X (dead) ... */
  readonly state: string;
  readonly ppid: number;
  readonly pgrp: number;
  readonly session: number;
  /**
   * It is on its way out, and may stay so for long: it gives its memory back. It shows no command line by then, and
   * is no zombie yet (field 9, PF_EXITING of include/linux/sched.h).
   */
  readonly isExiting: boolean;
  /** Processor time of all its threads since its birth, in ticks: in user mode and in the kernel (fields 14 and 15). */
  readonly cpuTicks: number;
  /** Threads that are left. */
  readonly threads: number;
  readonly startTime: Ticks;
  /**
   * Bottom of its stack (field 28), which each exec chooses at random and a fork keeps: processes
   * with the same one are copies of each other. 0 if we are not permitted to see it.
   */
  readonly image: number;
  /** Wait status (field 52); only a zombie has one, and only its own user may read it (else 0). */
  readonly exitCode: number;
}

const PF_EXITING = 0x4;

/**
 * Parses `/proc/<pid>/stat` (proc_pid_stat(5)).
 *
 * The name is in brackets and may contain brackets itself, so the fields are counted from the
 * *last* closing one.
 *
 * @throws {ProcError} `malformed` if a field is missing or not a number
 */
export function parseStat(text: string, path = "stat"): Stat {
  const open = text.indexOf("(");
  const close = text.lastIndexOf(")");
  if (open < 0 || close < open) throw new ProcError("malformed", path, "no name in brackets");
  const fields = text.slice(close + 2).split(" ");
  const numeric = (number: number, value: string | undefined): number => {
    if (value === undefined || !/^-?\d+\s*$/.test(value)) {
      throw new ProcError("malformed", path, `no field ${number}`);
    }
    return Number(value);
  };
  const field = (number: number): number => numeric(number, fields[number - 3]);
  return {
    pid: numeric(1, text.slice(0, open)) as Pid,
    comm: text.slice(open + 1, close),
    state: fields[0] ?? "?",
    ppid: field(4),
    pgrp: field(5),
    session: field(6),
    isExiting: (field(9) & PF_EXITING) !== 0,
    cpuTicks: field(14) + field(15),
    threads: field(20),
    startTime: field(22) as Ticks,
    image: field(28),
    exitCode: fields.length < 50 ? 0 : field(52), // Linux 3.5
  };
}

/**
 * True for a process that has ended: zombie (Z) or dead (X, x). Its pid may still be listed. A
 * process whose first thread has left while others work on is shown as Z as well, and lives.
 */
export function isDead(stat: Pick<Stat, "state" | "threads">): boolean {
  if (stat.state === "Z") return stat.threads <= 1;
  return stat.state === "X" || stat.state === "x";
}

/** True for one that is stopped by a signal (job control, SIGSTOP) or a debugger. */
export function isSuspended({ state }: Pick<Stat, "state">): boolean {
  return state === "T" || state === "t";
}

/** The nice value (field 19) of `/proc/<pid>/stat`; undefined where it is not there. */
export function parseNice(text: string): number | undefined {
  const value = fieldsOf(text)[19 - 3];
  return value !== undefined && /^-?\d+$/.test(value) ? Number(value) : undefined;
}

/** True where the process has a controlling terminal (field 7). */
export function parseTerminal(text: string): boolean {
  const value = fieldsOf(text)[7 - 3];
  return value !== undefined && /^-?\d+$/.test(value) && Number(value) !== 0;
}

function fieldsOf(text: string): readonly string[] {
  return text.slice(text.lastIndexOf(")") + 2).split(" ");
}
