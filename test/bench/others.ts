import { cpuClockMs } from "./cpu-clock.ts";
import { allProcesses, belongsTo, family, type Process } from "./processes.ts";

/** The processes that are not ours, at one moment. */
export interface Others {
  readonly processes: ReadonlyMap<number, Process>;
  /** Init, a subreaper above us, and our other ancestors: what ends below them may be ours. */
  readonly reapers: ReadonlySet<number>;
}

/**
 * All but what descends from us or belongs to `home`. Threads of the kernel are left out,
 * since they may work for us.
 */
export function lookAtOthers(home: string): Others {
  const all = allProcesses();
  const ours = new Set(family(process.pid, all).map(({ pid }) => pid));
  const processes = new Map<number, Process>();
  for (const one of all.values()) {
    if (one.kernel || ours.has(one.pid) || belongsTo(home, one.pid)) continue;
    // The ticks of `stat` would hide what is used in a short time.
    processes.set(one.pid, { ...one, cpuMs: cpuClockMs(one.pid) ?? one.cpuMs });
  }
  return { processes, reapers: ancestors(process.pid, all) };
}

/**
 * The CPU time that others used between two looks. A process that ended has left its time, as that of a
 * child, to who waited for it: there, only what it used since the first look is new. Of one that init
 * waited for, what it used since then is not known.
 */
export function usedByOthers(before: Others, after: Others): number {
  let sum = 0;
  for (const one of after.processes.values()) {
    const earlier = before.processes.get(one.pid);
    const same = earlier?.startTime === one.startTime ? earlier : undefined;
    sum += one.cpuMs - (same?.cpuMs ?? 0);
    if (!after.reapers.has(one.pid)) sum += one.childrenMs - (same?.childrenMs ?? 0);
  }
  for (const one of before.processes.values()) {
    if (lives(one, after) || !isWaitedFor(one, before, after)) continue;
    sum -= one.cpuMs + one.childrenMs;
  }
  return Math.max(0, sum);
}

function lives({ pid, startTime }: Process, { processes }: Others): boolean {
  return processes.get(pid)?.startTime === startTime;
}

/** True if the nearest ancestor that lives on is one whose children we count. */
function isWaitedFor(one: Process, before: Others, after: Others): boolean {
  let parent = before.processes.get(one.ppid);
  for (let steps = 0; parent !== undefined && steps < 1000; steps++) {
    if (lives(parent, after)) return !after.reapers.has(parent.pid);
    parent = before.processes.get(parent.ppid);
  }
  return false;
}

function ancestors(pid: number, processes: ReadonlyMap<number, Process>): ReadonlySet<number> {
  const found = new Set([1]);
  let current = processes.get(pid)?.ppid ?? 0;
  while (current > 0 && found.size < 1000) {
    found.add(current);
    current = processes.get(current)?.ppid ?? 0;
  }
  return found;
}
