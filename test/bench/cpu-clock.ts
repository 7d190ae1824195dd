import koffi from "koffi";

/**
 * What all threads of a process have used, in ms; undefined if there is none. Any process of the machine
 * may be asked. utime and stime in `stat` are in steps of 10 ms: too coarse for a daemon that idles.
 */
export function cpuClockMs(pid: number): number | undefined {
  const time = { sec: 0, nsec: 0 };
  // clock_getcpuclockid(3): the bits of the pid upside down, and CPUCLOCK_SCHED
  if (clockGettime((~pid << 3) | 2, time) !== 0) return undefined;
  return time.sec * 1000 + time.nsec / 1e6;
}

koffi.struct("timespec", { sec: "int64", nsec: "long" });
const clockGettime = koffi.load(null).func("int clock_gettime(int clock, _Out_ timespec *time)");
