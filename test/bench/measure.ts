import { setTimeout as sleep } from "node:timers/promises";
import { dirtyMb, usage } from "./daemon-figures.ts";
import { type Figure, figure } from "./figures.ts";
import { type Floors, measureBulk } from "./floors.ts";
import type { Scene } from "./scene.ts";
import { now, waitFor } from "./wait.ts";

/** How often, and how long. */
export interface Effort {
  readonly kills: number;
  readonly bulkTries: number;
  readonly commandTries: number;
  readonly idleSeconds: number;
  /** So many quiet seconds go before idleness is watched. */
  readonly restSeconds: number;
}

/** Measures usrsvc with `count` programs, and tells each figure as it is known. */
export async function measure(
  scene: Scene,
  count: number,
  effort: Effort,
  floors: Floors,
  tell: (one: Figure) => void,
  signal: AbortSignal,
): Promise<void> {
  const ids = Array.from({ length: count }, (_, index) => `p${String(index + 1).padStart(4, "0")}`);
  const { services } = scene;
  const add = (
    name: string,
    unit: Figure["unit"],
    values: readonly number[],
    floor?: Figure,
  ): void => tell(figure(count, name, unit, values, floor));
  const allRun = async (since: number, some: readonly string[] = ids): Promise<number> => {
    const notes = await services.begunAfter(since, some, signal);
    return (Math.max(...notes.map(({ at }) => at)) - since) / 1e6;
  };

  const bulk = await measureBulk(scene, count, effort.bulkTries, signal);
  tell(bulk.launched);
  tell(bulk.warm);

  const starts: number[] = [];
  for (let index = 0; index < effort.bulkTries; index++) {
    await scene.clear();
    scene.configure("all", ids);
    starts.push(await allRun(scene.launchDaemon()));
  }
  add("usrsvcd launched -> all run", "ms", starts, bulk.launched);
  await scene.settled(ids);

  const idle = await measureIdle(scene.daemonPid, effort.idleSeconds, effort.restSeconds, signal);
  add("CPU of an idle minute", "ms", [idle.cpuMs * 60]);
  add("wakeups, idle", "/s", [idle.wakeups]);
  add("dirty private memory", "MB", [dirtyMb(scene.daemonPid)], floors.memory);

  const statusOne: number[] = [];
  const statusAll: number[] = [];
  for (let index = 0; index < effort.commandTries; index++) {
    statusOne.push(await scene.time("usrsvc", ["status", ids[0] ?? ""]));
    statusAll.push(await scene.time("usrsvc", ["status"]));
  }
  add("usrsvc status of one", "ms", statusOne, floors.node);
  add("usrsvc status of all", "ms", statusAll, floors.node);

  const kills: number[] = [];
  for (let index = 0; index < effort.kills; index++) {
    const victim = [ids[index % count] ?? ""];
    await scene.settled(victim);
    const pid = services.latest(victim)[0]?.pid ?? 0;
    const since = now();
    services.kill(pid);
    kills.push(await allRun(since, victim));
  }
  add("kill -9 -> successor's first instruction", "ms", kills, floors.spawn);

  const back: number[] = [];
  for (let index = 0; index < effort.bulkTries; index++) {
    await scene.settled(ids);
    const pids = services.latest(ids).map(({ pid }) => pid);
    const since = now();
    for (const pid of pids) services.kill(pid);
    back.push(await allRun(since));
  }
  add("all killed at once -> all back", "ms", back, bulk.warm);
  await scene.settled(ids);
  add("dirty private memory after that", "MB", [dirtyMb(scene.daemonPid)], floors.memory);

  const added: number[] = [];
  for (let index = 0; index < effort.commandTries; index++) {
    const id = `added-${index}`;
    scene.configure(id, [id]);
    const since = now();
    const [runs] = await Promise.all([allRun(since, [id]), scene.time("usrsvcd", ["reread"])]);
    added.push(runs);
    await scene.settled([id]);
  }
  add("one program added, reread -> it runs", "ms", added, floors.node);

  const stops: number[] = [];
  const startsByHand: number[] = [];
  for (let index = 0; index < effort.bulkTries; index++) {
    const pids = services.latest(ids).map(({ pid }) => pid);
    stops.push(await scene.time("usrsvc", ["stop", "-P", ...ids]));
    const left = pids.filter((pid) => services.isAlive(pid));
    if (left.length > 0) throw new Error(`stop left ${left.length} running: ${left.join(" ")}`);
    const since = now();
    const tool = scene.time("usrsvc", ["start", "-P", ...ids]);
    startsByHand.push((await Promise.all([allRun(since), tool]))[0]);
  }
  add("usrsvc stop -P of all", "ms", stops, floors.node);
  add("usrsvc start -P of all -> all run", "ms", startsByHand, bulk.launched);
}

/** What a process uses in a second of idleness. */
async function measureIdle(
  pid: number,
  seconds: number,
  restSeconds: number,
  signal: AbortSignal,
): Promise<{ cpuMs: number; wakeups: number }> {
  await quiet(pid, restSeconds, signal);
  const began = performance.now();
  const before = usage(pid);
  await sleep(seconds * 1000, undefined, { signal });
  const after = usage(pid);
  const tookSeconds = (performance.now() - began) / 1000;
  return {
    cpuMs: (after.cpuMs - before.cpuMs) / tookSeconds,
    wakeups: (after.wakeups - before.wakeups) / tookSeconds,
  };
}

/**
 * Waits until the process has used less than 0.5 % of a core in each of `seconds` seconds in a row. Some
 * 8 s after its last work, V8 collects garbage once, at its leisure: that belongs to the work.
 */
async function quiet(pid: number, seconds: number, signal: AbortSignal): Promise<void> {
  let since = performance.now();
  let last = usage(pid).cpuMs;
  let quietSeconds = 0;
  await waitFor(
    "usrsvcd comes to rest",
    () => {
      const time = performance.now();
      if (time - since < 1000) return undefined;
      const used = usage(pid).cpuMs;
      quietSeconds = used - last < 5 ? quietSeconds + 1 : 0;
      since = time;
      last = used;
      return quietSeconds >= seconds ? true : undefined;
    },
    signal,
  );
}
