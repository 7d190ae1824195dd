import { setTimeout as sleep } from "node:timers/promises";
import { join } from "node:path";
import { names, untilAllRun } from "./effort.ts";
import { IDLE_GOAL_MS, scaledToNode, verdict } from "./goals.ts";
import type { Home } from "./home.ts";
import { ManagerProcess } from "./manager.ts";
import { allProcesses, family } from "./processes.ts";
import { combine } from "./load.ts";
import { quiet } from "./quiet.ts";
import type { Step } from "./report.ts";
import { compile } from "./services.ts";
import { summarize } from "./stats.ts";
import { usage, usedBetween } from "./usage.ts";
import { Usrsvcd } from "./usrsvcd.ts";
import { now, waitFor } from "./wait.ts";

const PROGRAMS = 100;
const TRIES = 9;
/** usrsvcd tidies up once a minute at most: then it has, or will not while it is watched. */
const REST_SECONDS = 10;

/** A look through `/proc` that meets 5,000 foreign processes may take so much longer. */
const LOOK_GOAL = { processes: 5000, ms: 30 };

/** Measures usrsvc with and without `count` idle processes that are not its business. */
export async function foreign(
  home: Home,
  count: number,
  idleSeconds: number,
  tell: (step: Step) => void,
): Promise<readonly string[]> {
  const steps: Record<string, number>[] = [];
  const states = [
    { processes: 0, own: false },
    // Only root can make processes of others.
    ...(process.getuid?.() === 0 ? [{ processes: count, own: false }] : []),
    { processes: count, own: true },
  ];
  for (const { processes, own } of states) {
    const crowd = new ManagerProcess(home);
    try {
      if (processes > 0) await gather(home, crowd, processes, own);
      const step = {
        foreign: processes,
        ofOwnUser: own ? 1 : 0,
        ...(await look(home, idleSeconds)),
      };
      steps.push(step);
      tell(step);
    } finally {
      await crowd.end("SIGKILL");
    }
  }
  const [none, ...crowded] = steps;
  return crowded.map((step) => {
    const goal = (LOOK_GOAL.ms * count) / LOOK_GOAL.processes;
    const limit = scaledToNode(goal, step["nodeMs"] ?? 0);
    const of = (key: string): number => (step[key] ?? 0) - (none?.[key] ?? 0);
    const whose = step["ofOwnUser"] === 1 ? "the own user" : "another user";
    const ms = of("statusOfStoppedMs") - of("nodeMs");
    const idleMs = step["idleCpuMs"] ?? 0;
    const idleLimit = scaledToNode(IDLE_GOAL_MS, step["nodeMs"] ?? 0);
    return (
      `${count} processes of ${whose}: a look costs ${ms.toFixed(1)} ms more ` +
      `(${verdict(ms <= limit)}: at most ${limit.toFixed(1)} ms), ` +
      `a restart ${of("killMs").toFixed(1)} ms more; an idle minute ${idleMs.toFixed(1)} ms of CPU ` +
      `(${verdict(idleMs <= idleLimit)}: at most ${idleLimit.toFixed(1)} ms)`
    );
  });
}

async function look(home: Home, idleSeconds: number): Promise<Record<string, number>> {
  const usrsvcd = new Usrsvcd(home);
  const ids = names(PROGRAMS);
  try {
    usrsvcd.configure(ids);
    usrsvcd.write("stopped", ["stopped"], { autostart: false });
    await untilAllRun(home, usrsvcd.launch(), ids);
    await usrsvcd.settled(ids);
    const end = home.meter.begin();
    const nodes: number[] = [];
    const looks: number[] = [];
    const kills: number[] = [];
    for (let index = 0; index < TRIES; index++) {
      nodes.push(await home.timeNode());
      looks.push(await home.time(usrsvcd.commands.status(["stopped"]), [1]));
      const victim = ids.slice(index, index + 1);
      const pid = home.services.latest(victim)[0]?.pid ?? 0;
      const since = now();
      home.services.kill(pid);
      kills.push(await untilAllRun(home, since, victim));
    }
    await usrsvcd.settled(ids);
    await quiet(home, usrsvcd.pid, REST_SECONDS);
    const before = usage(usrsvcd.pid, home.services);
    await sleep(idleSeconds * 1000, undefined, { signal: home.signal });
    const idle = usedBetween(before, usage(usrsvcd.pid, home.services));
    return {
      nodeMs: summarize(nodes).median,
      statusOfStoppedMs: summarize(looks).median,
      killMs: summarize(kills).median,
      idleCpuMs: (idle.cpuMs / idleSeconds) * 60,
      wakeupsASecond: idle.wakeups / idleSeconds,
      othersShare: combine([end()]).others,
    };
  } finally {
    await usrsvcd.end();
  }
}

async function gather(
  home: Home,
  crowd: ManagerProcess,
  count: number,
  own: boolean,
): Promise<void> {
  const program = join(home.path, "foreign");
  if (!compile(join(import.meta.dirname, "foreign.c"), program)) {
    throw new Error("processes of others need a C compiler (cc)");
  }
  crowd.launch([program, String(count), own ? "1" : "0", `${home.path}/`], "ignore");
  const look = (): true | undefined =>
    family(crowd.pid, allProcesses()).length > count ? true : undefined;
  await waitFor(`${count} processes of others`, look, home.signal);
}
