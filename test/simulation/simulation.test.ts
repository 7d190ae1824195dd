import assert from "node:assert/strict";
import { register } from "node:module";
import { describe, test, type TestContext } from "node:test";
import fc from "fast-check";
import { anyScenario, crashingScenario } from "./arbitraries.ts";
import type { Faults } from "./world.ts";

register("./hooks.mjs", import.meta.url);
const { installClock } = await import("./clock.ts");
const { play } = await import("./scenario.ts");

installClock();

/*
 * usrsvc and usrsvcd against each other on a simulated machine: either is killed between any two calls of the kernel,
 * programs die when they like, pids come again soon. What must hold is in scenario.ts: never two copies, no lost wish,
 * no stranger signalled, at rest what is wanted runs. A scenario that fails is shrunk; its seed and deeds are all it takes
 * to see it again.
 */

/** Stories of each run. */
const STORIES = Number(process.env["USRSVC_STORIES"] ?? 300);
/** Tried at most, until something that is broken is found. */
const MOST_TRIES = 400;
/** Lines of a story that are shown. */
const SHOWN = 80;

async function holds(t: TestContext, seed: number): Promise<void> {
  let steps = 0;
  let turns = 0;
  let shown = "";
  const began = performance.now();
  const property = fc.asyncProperty(anyScenario, async (scenario) => {
    const outcome = await play(scenario);
    steps += outcome.steps;
    turns += outcome.turns;
    const story = outcome.story.slice(-SHOWN).join("\n");
    const told = `${outcome.violations.join("; ")}\n${story}`;
    if (outcome.violations.length > 0) shown = told;
    assert.deepEqual(outcome.violations, [], told);
  });
  try {
    await fc.assert(property, { seed, numRuns: STORIES });
  } catch (error) {
    // The story of the simplest one is the cause of the error, which the reporter does not show.
    const { message, cause } = error as Error;
    throw new Error(`${message}\n${shown || String(cause)}`, { cause: error });
  }
  const seconds = (performance.now() - began) / 1000;
  const rate = (count: number): string => `${count} (${Math.round(count / seconds)} a second)`;
  t.diagnostic(`seed ${seed}: ${STORIES} stories, ${rate(turns)} turns, ${rate(steps)} steps`);
}

describe("whatever happens", () => {
  test("all holds, with a seed that stays", async (t) => await holds(t, 20_261_127));
  test("all holds, with a new seed", async (t) => {
    const seed = Number(process.env["USRSVC_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
    await holds(t, seed);
  });
});

const RECORDS = "/home/web/state/programs/";
const isRecord = (path: string): boolean => path.startsWith(RECORDS);
const isLaunchNote = (text: string): boolean => text.startsWith("launch ");

const FAULTS: Readonly<Record<string, Faults>> = {
  "locks that keep nobody out": { lock: true },
  "records that are not written": { written: (path) => (isRecord(path) ? "lost" : "kept") },
  "records that come after the act": { written: (path) => (isRecord(path) ? 30 : "kept") },
  "stops that are not on record": {
    written: (path, text) => (isRecord(path) && isStop(text) ? "lost" : "kept"),
  },
  "launches that are not noted": {
    written: (_path, text) => (isLaunchNote(text) ? "lost" : "kept"),
  },
  "launches that are noted after them": {
    written: (_path, text) => (isLaunchNote(text) ? 20 : "kept"),
  },
};

function isStop(text: string): boolean {
  return text.includes(`"desired":"down"`);
}

describe("it finds", () => {
  for (const [what, faults] of Object.entries(FAULTS)) {
    test(what, async (t) => {
      const stories = fc.sample(crashingScenario, { seed: 1, numRuns: MOST_TRIES });
      for (const [index, scenario] of stories.entries()) {
        const { violations } = await play(scenario, faults);
        if (violations.length === 0) continue;
        t.diagnostic(`found by story ${index + 1}: ${violations.join("; ")}`);
        return;
      }
      assert.fail(`not found in ${MOST_TRIES} stories`);
    });
  }
});
