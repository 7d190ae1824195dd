import { readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { names, untilAllRun } from "./effort.ts";
import { rise } from "./growth.ts";
import type { Home } from "./home.ts";
import { combine } from "./load.ts";
import type { Step } from "./report.ts";
import { summarize } from "./stats.ts";
import { dirtyMb, usage, usedBetween } from "./usage.ts";
import { Usrsvcd } from "./usrsvcd.ts";
import { now } from "./wait.ts";

const STEPS = 10;
const MOST_PROGRAMS = 2000;
const BATCH = 10;
/** What dies within a minute of its start, again and again, is delayed: no program dies more often than so. */
const CYCLE_MS = 61_000;

/** What must not grow, and what rise is still noise: an amount, or a share of the value. */
const watched: readonly {
  readonly key: string;
  readonly what: string;
  readonly amount: number;
  readonly share: number;
}[] = [
  { key: "dirtyMb", what: "dirty private memory (MB)", amount: 1.5, share: 0.05 },
  { key: "descriptors", what: "open descriptors", amount: 2, share: 0 },
  { key: "threads", what: "threads", amount: 0, share: 0 },
  { key: "processes", what: "processes", amount: 0, share: 0 },
  { key: "msPerRestart", what: "time of a restart (ms)", amount: 0.5, share: 0.25 },
  { key: "cpuMsPerRestart", what: "CPU of a restart (ms)", amount: 0.3, share: 0.25 },
];

/** Kills services over and over, and looks at usrsvcd at every tenth of the way. */
export async function soak(
  home: Home,
  restarts: number,
  tell: (step: Step) => void,
): Promise<readonly string[]> {
  const usrsvcd = new Usrsvcd(home);
  const ids = names(Math.min(MOST_PROGRAMS, Math.max(BATCH, Math.ceil(restarts / 50))));
  const steps: Record<string, number>[] = [];
  try {
    usrsvcd.configure(ids);
    await untilAllRun(home, usrsvcd.launch(), ids);
    await usrsvcd.settled(ids);
    let done = 0;
    for (let step = 1; step <= STEPS; step++) {
      const end = home.meter.begin();
      const before = usage(usrsvcd.pid, home.services);
      const began = done;
      const times: number[] = [];
      while (done < (restarts * step) / STEPS) {
        times.push(...(await cycle(home, usrsvcd, ids)));
        done += ids.length;
      }
      const span = end();
      const used = usedBetween(before, usage(usrsvcd.pid, home.services));
      // V8 tidies up some seconds after the work.
      await sleep(restarts >= 10_000 ? 10_000 : 1000, undefined, { signal: home.signal });
      const after = usage(usrsvcd.pid, home.services);
      steps.push({
        restarts: done,
        dirtyMb: dirtyMb([...after.cpuMs.keys()]),
        descriptors: descriptors([...after.cpuMs.keys()]),
        threads: after.threads,
        processes: after.processes,
        msPerRestart: summarize(times).median,
        cpuMsPerRestart: used.cpuMs / (done - began),
        othersShare: combine([span]).others,
      });
      tell(steps.at(-1) ?? {});
    }
  } finally {
    await usrsvcd.end();
  }
  return watched.map(({ key, what, amount, share }) => {
    const values = steps.map((one) => one[key] ?? Number.NaN);
    const more = rise(values);
    const grows = more > Math.max(amount, share * (values[1] ?? 0));
    return `${what}: ${grows ? "GROWS" : "does not grow"} (${more >= 0 ? "+" : ""}${more.toFixed(2)})`;
  });
}

/** Kills each service once, a few at a time; yields the time of a restart for each of these. */
async function cycle(
  home: Home,
  usrsvcd: Usrsvcd,
  ids: readonly string[],
): Promise<readonly number[]> {
  const began = performance.now();
  const times: number[] = [];
  for (let index = 0; index < ids.length; index += BATCH) {
    const victims = ids.slice(index, index + BATCH);
    const pids = home.services.latest(victims).map(({ pid }) => pid);
    const since = now();
    for (const pid of pids) home.services.kill(pid);
    times.push((await untilAllRun(home, since, victims)) / victims.length);
  }
  await usrsvcd.settled(ids);
  const left = CYCLE_MS - (performance.now() - began);
  if (left > 0) await sleep(left, undefined, { signal: home.signal });
  return times;
}

function descriptors(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + readdirSync(`/proc/${pid}/fd`).length, 0);
}
