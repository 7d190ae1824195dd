import { readdirSync, readFileSync } from "node:fs";

/** A process, as `/proc/<pid>/stat` tells. */
export interface Process {
  readonly pid: number;
  readonly ppid: number;
  /** Since boot, in ticks; with the pid, it is that process and no other. */
  readonly startTime: number;
  /** CPU time of its own, in ms. */
  readonly cpuMs: number;
  /** CPU time of its children that have ended and were waited for, in ms. */
  readonly childrenMs: number;
  /** A thread of the kernel. */
  readonly kernel: boolean;
}

/** USER_HZ is 100 on every machine that Node runs on. */
const TICK_MS = 10;
const PF_KTHREAD = 0x00200000;

/** All processes of the machine. */
export function allProcesses(): ReadonlyMap<number, Process> {
  const found = new Map<number, Process>();
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    const one = Number.isInteger(pid) ? readProcess(pid) : undefined;
    if (one !== undefined) found.set(pid, one);
  }
  return found;
}

/** One process; undefined if there is none. */
export function readProcess(pid: number): Process | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return undefined;
  }
  // The name may hold blanks and brackets: field 3 of proc_pid_stat(5) comes after the last one.
  const fields = text
    .slice(text.lastIndexOf(")") + 2)
    .split(" ")
    .map(Number);
  const field = (number: number): number => fields[number - 3] ?? 0;
  return {
    pid,
    ppid: field(4),
    startTime: field(22),
    cpuMs: (field(14) + field(15)) * TICK_MS,
    childrenMs: (field(16) + field(17)) * TICK_MS,
    kernel: (field(9) & PF_KTHREAD) !== 0,
  };
}

/** The words of its command line; none for a zombie, a kernel thread, or one that is gone. */
export function commandLine(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1);
  } catch {
    return [];
  }
}

/** True if it names `home` in its command line, or was started with it as HOME. */
export function belongsTo(home: string, pid: number): boolean {
  if (commandLine(pid).some((word) => word.includes(`${home}/`))) return true;
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(`HOME=${home}`);
  } catch {
    return false; // gone, or another user's
  }
}

/** `root` and its descendants. */
export function family(root: number, processes: ReadonlyMap<number, Process>): readonly Process[] {
  const children = new Map<number, Process[]>();
  for (const one of processes.values()) {
    const siblings = children.get(one.ppid);
    if (siblings === undefined) children.set(one.ppid, [one]);
    else siblings.push(one);
  }
  const first = processes.get(root);
  const found = first === undefined ? [] : [first];
  // The list grows while it is walked.
  for (const one of found) found.push(...(children.get(one.pid) ?? []));
  return found;
}

/** Kills exactly these processes, not others that got their pids meanwhile; yields how many lived. */
export function killExactly(processes: readonly Process[]): number {
  let count = 0;
  for (const { pid, startTime } of processes) {
    if (readProcess(pid)?.startTime !== startTime || commandLine(pid).length === 0) continue;
    count++;
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // gone between the look and the signal
    }
  }
  return count;
}
