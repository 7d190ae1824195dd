import { readdirSync, readFileSync } from "node:fs";
import { cpuClockMs } from "./cpu-clock.ts";
import { allProcesses, belongsTo, family, readProcess } from "./processes.ts";
import type { Services } from "./services.ts";

/** What a manager has used so far: all of its processes that are no services. */
export interface Usage {
  readonly processes: number;
  readonly threads: number;
  /** CPU time in ms, by process. */
  readonly cpuMs: ReadonlyMap<number, number>;
  /** How often threads went to sleep of their own will, and so were woken; by process. */
  readonly wakeups: ReadonlyMap<number, number>;
  /** CPU time of what the manager has started, and waited for, in steps of 10 ms. */
  readonly endedMs: number;
}

/**
 * The manager `root`, those of its descendants that are no services (launchers, shells, runsv), and helpers
 * that it has left to init.
 */
export function ownProcesses(root: number, services: Services): readonly number[] {
  const all = allProcesses();
  const began = all.get(root)?.startTime ?? Infinity;
  const below = family(root, all);
  const ours = new Set(family(process.pid, all).map(({ pid }) => pid));
  const left = [...all.values()].filter(
    ({ pid, startTime, kernel }) =>
      startTime >= began && !kernel && !ours.has(pid) && belongsTo(services.folder, pid),
  );
  return [...below, ...left].map(({ pid }) => pid).filter((pid) => !services.isService(pid));
}

/** Reads the CPU clocks, and `status` of all threads. */
export function usage(root: number, services: Services): Usage {
  const cpu = new Map<number, number>();
  const wakeups = new Map<number, number>();
  let threads = 0;
  for (const pid of ownProcesses(root, services)) {
    const one = wakeupsOf(pid);
    const used = cpuClockMs(pid);
    if (one === undefined || used === undefined) continue; // ended meanwhile
    cpu.set(pid, used);
    wakeups.set(pid, one.wakeups);
    threads += one.threads;
  }
  const endedMs = readProcess(root)?.childrenMs ?? 0;
  return { processes: cpu.size, threads, cpuMs: cpu, wakeups, endedMs };
}

/** What was used between two looks. A process that came in between counts from its beginning. */
export function usedBetween(
  before: Usage,
  after: Usage,
): { readonly cpuMs: number; readonly wakeups: number } {
  const rise = (from: ReadonlyMap<number, number>, to: ReadonlyMap<number, number>): number =>
    [...to].reduce((sum, [pid, value]) => sum + value - (from.get(pid) ?? 0), 0);
  return {
    cpuMs: rise(before.cpuMs, after.cpuMs) + after.endedMs - before.endedMs,
    wakeups: rise(before.wakeups, after.wakeups),
  };
}

/** Private_Dirty of `smaps_rollup`, in MB, of these processes together. */
export function dirtyMb(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + dirtyKb(pid) / 1024, 0);
}

function dirtyKb(pid: number): number {
  try {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
    return Number(/^Private_Dirty:\s*(\d+) kB/m.exec(text)?.[1] ?? 0);
  } catch {
    return 0; // ended meanwhile
  }
}

function wakeupsOf(pid: number): { threads: number; wakeups: number } | undefined {
  try {
    const tasks = readdirSync(`/proc/${pid}/task`).map((task) => {
      const status = readFileSync(`/proc/${pid}/task/${task}/status`, "utf8");
      return Number(/^voluntary_ctxt_switches:\s*(\d+)/m.exec(status)?.[1]);
    });
    return { threads: tasks.length, wakeups: tasks.reduce((sum, one) => sum + one, 0) };
  } catch {
    return undefined;
  }
}
