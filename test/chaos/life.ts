import { readFileSync } from "node:fs";
import { join } from "node:path";
import { calm, lastCalm, Violation } from "./calm.ts";
import type { Plan } from "./plan.ts";
import { type Surroundings, World } from "./world.ts";

/** What is known of a world in which something was wrong. */
export interface Failure {
  readonly plan: Plan;
  readonly message: string;
  readonly journal: readonly string[];
  /** The log of its usrsvcd. */
  readonly log: string;
}

/** Lives through a plan, in a world of its own; undefined when all was right. */
export async function live(
  plan: Plan,
  tag: string,
  folder: string,
  around: Surroundings,
): Promise<Failure | undefined> {
  const world = new World(plan, tag, folder, around);
  let begun = 0;
  try {
    await world.call("usrsvcd", ["start"]);
    for (const round of plan.rounds) {
      if (around.isOver()) break;
      begun += 1;
      world.say(`--- round ${begun}`);
      await callers(world, round.operations, around.signal);
      await calm(world, round);
    }
    await lastCalm(world);
    return undefined;
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    const log = readLog(world);
    const done = { ...plan, rounds: plan.rounds.slice(0, begun) };
    return { plan: done, message: error.message, journal: world.journal, log };
  } finally {
    await world.end();
  }
}

const WATCH_EVERY_MS = 200;

/** Side by side; each one does one thing after the other. */
async function callers(
  world: World,
  operations: Plan["rounds"][number]["operations"],
  signal: AbortSignal,
): Promise<void> {
  const began = performance.now();
  const watch = setInterval(() => world.watch(), WATCH_EVERY_MS);
  await Promise.all(
    [...new Set(operations.map(({ by }) => by))].map(async (by) => {
      for (const operation of operations.filter((one) => one.by === by)) {
        const early = operation.at - (performance.now() - began);
        if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
        signal.throwIfAborted();
        await world.perform(operation);
      }
    }),
  ).finally(() => clearInterval(watch));
}

function readLog(world: World): string {
  try {
    return readFileSync(join(world.state, "usrsvcd.log"), "utf8");
  } catch {
    return "";
  }
}
