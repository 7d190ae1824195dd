import { names, untilAllRun } from "./effort.ts";
import { verdict } from "./goals.ts";
import { describePower, power } from "./growth.ts";
import type { Home } from "./home.ts";
import { tooMany } from "./limits.ts";
import { combine } from "./load.ts";
import { quiet } from "./quiet.ts";
import type { Step } from "./report.ts";
import { summarize } from "./stats.ts";
import { dirtyMb, ownProcesses } from "./usage.ts";
import { Usrsvcd } from "./usrsvcd.ts";
import { now } from "./wait.ts";

const MOST_RUNNING = 2000;
const TRIES = 3;
const REST_SECONDS = 10;
/** What usrsvcd may need for each program. */
const GOAL_KB = 4;
/** `usrsvc status` says 1 when not all run. */
const STATUS_CODES = [0, 1];

/** Measures start-up, reread and status with growing numbers of programs, most of them not running. */
export async function scale(
  home: Home,
  sizes: readonly number[],
  tell: (step: Step) => void,
): Promise<readonly string[]> {
  const steps: Record<string, number>[] = [];
  for (const size of sizes) {
    const reason = tooMany(Math.min(size, MOST_RUNNING));
    if (reason !== undefined) throw new Error(`${size} programs: ${reason}`);
    const step = await measureSize(home, size);
    steps.push(step);
    tell(step);
  }
  const [first, last] = [steps[0], steps.at(-1)];
  if (first === undefined || last === undefined || first === last) return [];
  const at = (step: Record<string, number>, key: string): { size: number; ms: number } => ({
    size: step["configured"] ?? 0,
    // What Node takes in any case would hide the growth.
    ms: Math.max(0.1, (step[key] ?? 0) - (step["nodeMs"] ?? 0)),
  });
  const kbAProgram =
    (((last["dirtyMb"] ?? 0) - (first["dirtyMb"] ?? 0)) * 1024) /
    ((last["configured"] ?? 0) - (first["configured"] ?? 0));
  return [
    ...["launchedMs", "rereadMs", "statusMs"].map(
      (key) => `${key}: ${describePower(power(at(first, key), at(last, key)))}`,
    ),
    `memory of usrsvcd: ${kbAProgram.toFixed(1)} KB for each further program ` +
      `(${verdict(kbAProgram <= GOAL_KB)}: at most ${GOAL_KB} KB)`,
  ];
}

async function measureSize(home: Home, size: number): Promise<Record<string, number>> {
  const usrsvcd = new Usrsvcd(home);
  const ids = names(size);
  const running = ids.slice(0, MOST_RUNNING);
  try {
    const end = home.meter.begin();
    const nodes: number[] = [];
    usrsvcd.configure(running);
    usrsvcd.write("rest", ids.slice(running.length), { autostart: false });
    const launchedMs = await untilAllRun(home, usrsvcd.launch(), running);
    await usrsvcd.settled(running);
    // It tidies up some seconds after the work.
    await quiet(home, usrsvcd.pid, REST_SECONDS);
    const memory = dirtyMb(ownProcesses(usrsvcd.pid, home.services));
    const status: number[] = [];
    const reread: number[] = [];
    for (let index = 0; index < TRIES; index++) {
      nodes.push(await home.timeNode());
      status.push(await home.time(usrsvcd.commands.status([]), STATUS_CODES));
      const id = `added-${index}`;
      usrsvcd.write(id, [id]);
      const since = now();
      const [ms] = await Promise.all([untilAllRun(home, since, [id]), home.time(usrsvcd.reread)]);
      reread.push(ms);
    }
    const rereadMs = summarize(reread).median;
    const statusMs = summarize(status).median;
    const nodeMs = summarize(nodes).median;
    return {
      configured: size,
      running: running.length,
      nodeMs,
      launchedMs,
      launchedAProgram: launchedMs / size,
      rereadMs,
      rereadAProgram: rereadMs / size,
      statusMs,
      statusAProgram: statusMs / size,
      dirtyMb: memory,
      othersShare: combine([end()]).others,
    };
  } finally {
    await usrsvcd.end();
  }
}
