import { readFileSync } from "node:fs";
import { availableParallelism, loadavg } from "node:os";
import { lookAtOthers, usedByOthers } from "./others.ts";

/** What the machine did while something was measured. Shares are of all its CPUs. */
export interface Load {
  /** Load average of the last minute, at the end. */
  readonly average: number;
  /** Used by processes that are not of the bench. */
  readonly others: number;
  /** The same as time of CPU, with what was taken by the machine around this one. */
  readonly othersMs: number;
  /** Taken by the machine around this one, if it is virtual. */
  readonly steal: number;
  /** Used by anybody, the bench included. */
  readonly busy: number;
  /** The share of the time in which something that could run had to wait (`/proc/pressure/cpu`). */
  readonly waiting: number | undefined;
  /** Processes that are not of the bench: a look through /proc costs the more. */
  readonly processes: number;
}

/** One stretch of time, in ms (of CPU, where it is about CPUs). */
export interface LoadSpan {
  readonly ms: number;
  readonly others: number;
  readonly steal: number;
  readonly busy: number;
  readonly waiting: number | undefined;
  readonly processes: number;
}

/** From this share of all CPUs on, what others did makes a figure doubtful. */
export const DISTURBED = 0.05;
/** Of children that ended the time is known in steps of 10 ms: less is no sign of anything. */
const LEAST_MS = 10;

/** True when a figure taken under this load should not be trusted. */
export function isDisturbed(load: Load): boolean {
  return load.others + load.steal > DISTURBED && load.othersMs > LEAST_MS;
}

/** One load of several stretches. */
export function combine(spans: readonly LoadSpan[]): Load {
  const sum = (of: (one: LoadSpan) => number): number =>
    spans.reduce((total, one) => total + of(one), 0);
  const wall = Math.max(
    1,
    sum(({ ms }) => ms),
  );
  const cpus = availableParallelism();
  const pressure = spans.every(({ waiting }) => waiting !== undefined);
  return {
    average: loadavg()[0] ?? Number.NaN,
    others: sum(({ others }) => others) / wall / cpus,
    othersMs: sum(({ others, steal }) => others + steal),
    steal: sum(({ steal }) => steal) / wall / cpus,
    busy: sum(({ busy }) => busy) / wall / cpus,
    waiting: pressure ? sum(({ waiting }) => waiting ?? 0) / wall : undefined,
    processes: Math.max(0, ...spans.map(({ processes }) => processes)),
  };
}

/** Watches what the processes of others use. */
export class LoadMeter {
  readonly #home: string;

  /** Processes that name `home` in their command line are ours, and so are our descendants. */
  constructor(home: string) {
    this.#home = home;
  }

  /** Begins a stretch; the function that it yields ends it. */
  begin(): () => LoadSpan {
    const began = performance.now();
    const before = { ...machineTimes(), all: lookAtOthers(this.#home), waiting: pressureMs() };
    return () => {
      const after = { ...machineTimes(), all: lookAtOthers(this.#home), waiting: pressureMs() };
      return {
        ms: performance.now() - began,
        others: usedByOthers(before.all, after.all),
        processes: Math.max(before.all.processes.size, after.all.processes.size),
        steal: after.steal - before.steal,
        busy: after.busy - before.busy,
        waiting:
          after.waiting === undefined || before.waiting === undefined
            ? undefined
            : after.waiting - before.waiting,
      };
    };
  }
}

/** The first line of `/proc/stat`, in ms: user nice system idle iowait irq softirq steal. */
function machineTimes(): { busy: number; steal: number } {
  const line = readFileSync("/proc/stat", "utf8").split("\n", 1)[0] ?? "";
  const times = line
    .trim()
    .split(/ +/)
    .slice(1)
    .map((word) => Number(word) * 10);
  const at = (index: number): number => times[index] ?? 0;
  return { busy: at(0) + at(1) + at(2) + at(5) + at(6), steal: at(7) };
}

/** `some … total=` of `/proc/pressure/cpu`, in ms; undefined where the kernel does not tell. */
function pressureMs(): number | undefined {
  try {
    const total = /^some .*total=(\d+)/m.exec(readFileSync("/proc/pressure/cpu", "utf8"))?.[1];
    return total === undefined ? undefined : Number(total) / 1000;
  } catch {
    return undefined;
  }
}
