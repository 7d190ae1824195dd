import type { Brand } from "./brand.ts";

/** A process id as the kernel gives it, 1 or more. */
export type Pid = Brand<number, "Pid">;

/** Clock ticks since boot (USER_HZ, 100 a second on every Linux that Node runs on). */
export type Ticks = Brand<number, "Ticks">;

/** USER_HZ: how many `Ticks` make a second (`sysconf(_SC_CLK_TCK)`, fixed in the kernel's ABI). */
export const TICKS_PER_SECOND = 100;

/** One process and no other within a boot: a pid alone is reused, a pid with its start time is not. */
export interface ProcessRef {
  readonly pid: Pid;
  readonly startTime: Ticks;
}

/** Reads a pid as /proc and pidfiles spell it; `undefined` for anything else, `"0"` included. */
export function parsePid(text: string): Pid | undefined {
  return /^[1-9]\d{0,9}$/.test(text) ? (Number(text) as Pid) : undefined;
}

/** True when both name the same process. */
export function sameProcess(a: ProcessRef | undefined, b: ProcessRef | undefined): boolean {
  return a !== undefined && b !== undefined && a.pid === b.pid && a.startTime === b.startTime;
}

/**
 * True when `a` was started before `b`. A tick is long enough for both: within one the lower pid came first, since pids
 * are given upwards, but for the moment in which they begin anew (pid_max).
 */
export function isOlder(a: ProcessRef, b: ProcessRef): boolean {
  return a.startTime === b.startTime ? a.pid < b.pid : a.startTime < b.startTime;
}
