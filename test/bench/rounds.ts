import { setTimeout as sleep } from "node:timers/promises";
import { type Row, rows, type Sheet } from "./figures.ts";
import type { Home } from "./home.ts";
import type { Manager } from "./manager.ts";
import { measureAfterKills, measureCalm } from "./rest.ts";
import { type Effort, names, repeat, untilAllRun, untilRunning } from "./effort.ts";
import { now } from "./wait.ts";

/**
 * Measures the managers with `sheet.programs` services in rounds, one after the other in each, so
 * that a machine that gets slower or faster does so for all of them.
 */
export async function measureRounds(
  home: Home,
  managers: readonly Manager[],
  effort: Effort,
  sheet: Sheet,
  problem: (text: string) => void,
): Promise<void> {
  const failed = new Set<Manager>();
  const note =
    ({ name }: Manager) =>
    (error: unknown): void => {
      home.signal.throwIfAborted();
      problem(`${name}, ${sheet.programs} services: ${(error as Error).message}`);
    };
  for (let round = 0; round < effort.rounds; round++) {
    for (const manager of managers.filter((one) => !failed.has(one))) {
      try {
        await measureRound(home, manager, effort, sheet, round === 0);
        // The last of the round: what fails here does not spoil the rounds that follow.
        if (round === 0) await measureAfterKills(home, manager, effort, sheet).catch(note(manager));
      } catch (error) {
        note(manager)(error);
        failed.add(manager);
      } finally {
        await manager.end();
      }
    }
  }
}

/** So long nothing happens before a service is killed, in ms. */
const CALM_MS = 100;

async function measureRound(
  home: Home,
  manager: Manager,
  effort: Effort,
  sheet: Sheet,
  first: boolean,
): Promise<void> {
  const ids = names(sheet.programs);
  const { services, meter } = home;
  const gather = async (row: Row, tries: number, one: (index: number) => Promise<number>) => {
    const samples = sheet.of(manager.name, row);
    const end = meter.begin();
    await repeat(samples.values, tries, one);
    const span = end();
    samples.spans.push(span);
    return span;
  };

  manager.configure(ids);
  const firstRuns = sheet.of(manager.name, rows.first);
  const launch = await gather(rows.launched, 1, async () => {
    const { firstMs, lastMs } = await untilRunning(home, manager.launch(), ids);
    firstRuns.values.push(firstMs);
    return lastMs;
  });
  firstRuns.spans.push(launch);
  await manager.settled(ids);
  if (first) await measureCalm(home, manager, effort, sheet);

  // A service is killed twice at most: the third early death in a row is answered with a pause.
  const kills = Math.min(effort.killsARound, 2 * ids.length - 1);
  await gather(rows.kill, kills, async (index) => {
    const victim = [ids[index % ids.length] ?? ""];
    await manager.settled(victim);
    await sleep(CALM_MS); // one death in a calm; many at once are another figure
    const pid = services.latest(victim)[0]?.pid ?? 0;
    const since = now();
    services.kill(pid);
    return await untilAllRun(home, since, victim);
  });

  await manager.settled(ids);
  await gather(rows.back, 1, async () => {
    const pids = services.latest(ids).map(({ pid }) => pid);
    const since = now();
    for (const pid of pids) services.kill(pid);
    return await untilAllRun(home, since, ids);
  });
  await manager.settled(ids);
}
