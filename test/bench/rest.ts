import { setTimeout as sleep } from "node:timers/promises";
import { type Row, rows, type Sheet } from "./figures.ts";
import type { Home } from "./home.ts";
import type { CommandLine, Manager } from "./manager.ts";
import { Ends } from "./ends.ts";
import { type Effort, names, repeat, untilAllRun } from "./effort.ts";
import { quiet } from "./quiet.ts";
import { dirtyMb, ownProcesses, usage, usedBetween } from "./usage.ts";
import type { Usrsvcd } from "./usrsvcd.ts";
import { now } from "./wait.ts";

/** What is measured while all services run and nothing happens. */
export async function measureCalm(
  home: Home,
  manager: Manager,
  effort: Effort,
  sheet: Sheet,
): Promise<void> {
  const { commands } = manager;
  if (commands !== undefined) {
    await measureIdle(home, manager, effort, sheet, rows.idleCpu, rows.wakeups);
  }
  measureMemory(home, manager, sheet, rows.dirty);
  if (commands === undefined) return;
  const ids = names(sheet.programs);
  const calls = commandTimer(home, manager, effort, sheet);
  await calls(rows.statusOne, () => home.time(commands.status(ids.slice(0, 1))));
  await calls(rows.statusAll, () => home.time(commands.status(ids)));
}

/** What is measured after services were killed, since it kills or adds some itself. */
export async function measureAfterKills(
  home: Home,
  manager: Manager,
  effort: Effort,
  sheet: Sheet,
): Promise<void> {
  const { commands } = manager;
  measureMemory(home, manager, sheet, rows.dirtyAfter);
  if (commands === undefined) return;
  const ids = names(sheet.programs);
  const calls = commandTimer(home, manager, effort, sheet);
  const call = async (line: CommandLine | undefined): Promise<number> =>
    line === undefined ? 0 : await home.time(line);

  await calls(rows.added, async (index) => {
    const id = `added-${index}`;
    const line = commands.add(id);
    const since = now();
    const [runs] = await Promise.all([untilAllRun(home, since, [id]), call(line)]);
    await manager.settled([id]);
    return runs;
  });

  const starts = sheet.of(manager.name, rows.start);
  const end = home.meter.begin();
  const stopAll = async (): Promise<number> => {
    const pids = home.services.latest(ids).map(({ pid }) => pid);
    using ends = commands.stopOnlyAsks ? new Ends(pids) : undefined;
    const began = performance.now();
    let tookMs = await home.time(commands.stop(ids));
    if (ends !== undefined) {
      await ends.wait(home.signal);
      tookMs = performance.now() - began;
    }
    const left = pids.filter((pid) => home.services.isService(pid));
    if (left.length > 0) throw new Error(`stop left ${left.length} running: ${left.join(" ")}`);
    return tookMs;
  };
  await calls(rows.stop, async () => {
    const tookMs = await stopAll();
    const since = now();
    const started = home.time(commands.start(ids));
    starts.values.push((await Promise.all([untilAllRun(home, since, ids), started]))[0]);
    await manager.settled(ids);
    return tookMs;
  });
  starts.spans.push(end());
}

/** What idleness costs when each program has an activity file: a run of its own. */
export async function measureActivity(
  home: Home,
  usrsvcd: Usrsvcd,
  effort: Effort,
  sheet: Sheet,
): Promise<void> {
  const ids = names(sheet.programs);
  try {
    usrsvcd.configure(ids, { activityFile: true });
    await untilAllRun(home, usrsvcd.launch(), ids);
    await usrsvcd.settled(ids);
    await measureIdle(home, usrsvcd, effort, sheet, rows.activityCpu, rows.activityWakeups);
  } finally {
    await usrsvcd.end();
  }
}

/** What a manager and its helpers use in idleness. */
export async function measureIdle(
  home: Home,
  manager: Manager,
  effort: Effort,
  sheet: Sheet,
  cpuRow: Row,
  wakeupsRow: Row,
): Promise<void> {
  const cpu = sheet.of(manager.name, cpuRow);
  const wakeups = sheet.of(manager.name, wakeupsRow, "/s");
  await quiet(home, manager.pid, effort.restSeconds);
  const end = home.meter.begin();
  const began = performance.now();
  const before = usage(manager.pid, home.services);
  await sleep(effort.idleSeconds * 1000, undefined, { signal: home.signal });
  const used = usedBetween(before, usage(manager.pid, home.services));
  const seconds = (performance.now() - began) / 1000;
  const span = end();
  cpu.values.push((used.cpuMs / seconds) * 60);
  wakeups.values.push(used.wakeups / seconds);
  cpu.spans.push(span);
  wakeups.spans.push(span);
}

function measureMemory(home: Home, manager: Manager, sheet: Sheet, row: Row): void {
  const end = home.meter.begin();
  const pids = ownProcesses(manager.pid, home.services);
  const dirty = sheet.of(manager.name, row, "MB");
  dirty.values.push(dirtyMb(pids));
  // Others do not change how much memory it has; the machine is noted all the same.
  dirty.spans.push({ ...end(), others: 0, steal: 0 });
  if (row !== rows.dirty) return;
  const processes = sheet.of(manager.name, rows.processes, "");
  processes.values.push(pids.length);
  processes.spans.push(...dirty.spans);
}

/** Takes a figure of commands, with a `node -e 0` before each: machines drift. */
function commandTimer(home: Home, manager: Manager, effort: Effort, sheet: Sheet) {
  return async (row: Row, one: (index: number) => Promise<number>): Promise<void> => {
    const samples = sheet.of(manager.name, row);
    const node = sheet.of("", rows.node);
    const end = home.meter.begin();
    const [tries, least] =
      row === rows.stop ? [effort.stopTries, effort.stopTries] : [effort.commandTries];
    const timed = async (index: number): Promise<number> => {
      const nodeMs = await home.timeNode();
      samples.nodeMs.push(nodeMs);
      node.values.push(nodeMs);
      return await one(index);
    };
    await repeat(samples.values, tries, timed, least);
    const span = end();
    samples.spans.push(span);
    node.spans.push(span);
  };
}
