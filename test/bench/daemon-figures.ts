import { readdirSync, readFileSync } from "node:fs";
import koffi from "koffi";

/** What a process has used so far. */
export interface Usage {
  /** All of its threads, in ms. */
  readonly cpuMs: number;
  /** How often its threads went to sleep of their own will, and so were woken. */
  readonly wakeups: number;
}

/** Reads the clock of the process and `status` of all its threads. */
export function usage(pid: number): Usage {
  const wakeups = readdirSync(`/proc/${pid}/task`).map((task) => {
    const status = readFileSync(`/proc/${pid}/task/${task}/status`, "utf8");
    return Number(/^voluntary_ctxt_switches:\s*(\d+)/m.exec(status)?.[1]);
  });
  return { cpuMs: cpuMs(pid), wakeups: wakeups.reduce((sum, one) => sum + one, 0) };
}

/** Private_Dirty of smaps_rollup, in MB. */
export function dirtyMb(pid: number): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  return Number(/^Private_Dirty:\s*(\d+) kB/m.exec(text)?.[1]) / 1024;
}

/** utime and stime in `stat` are in steps of 10 ms: too coarse for a daemon that idles. */
function cpuMs(pid: number): number {
  const time = { sec: 0, nsec: 0 };
  // clock_getcpuclockid(3): the bits of the pid upside down, and CPUCLOCK_SCHED
  if (clockGettime((~pid << 3) | 2, time) !== 0) throw new Error(`no CPU clock of ${pid}`);
  return time.sec * 1000 + time.nsec / 1e6;
}

koffi.struct("timespec", { sec: "int64", nsec: "long" });
const clockGettime = koffi.load(null).func("int clock_gettime(int clock, _Out_ timespec *time)");
