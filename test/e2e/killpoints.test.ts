import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { runPlan } from "../killpoints/run.ts";
import { noStrace } from "../killpoints/strace.ts";

/** What is always the same, and so much besides. */
const SAMPLE = 6;
const FIXED_SEED = 11;

/** Without strace nobody can be killed at a system call of his. */
const skip = noStrace() ?? false;

describe("killed at a system call of what changes something", { skip }, () => {
  const chance = Math.trunc(Math.random() * 1_000_000);
  for (const seed of [FIXED_SEED, chance]) {
    test(`the next one ends in a right state (npm run killpoints -- --sample ${SAMPLE} --seed ${seed})`, async () => {
      const { violations, tallies } = await runPlan({
        op: "all",
        who: "both",
        sample: SAMPLE,
        seed,
        forMs: 60_000,
        lanes: 4,
        eachNext: false,
        only: undefined,
        keep: undefined,
        tell: () => {},
      });
      assert.deepEqual(violations, []);
      const kills = tallies.reduce((sum, tally) => sum + tally.kills, 0);
      assert.ok(kills > 0, "somebody was killed");
    });
  }
});
