import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  countDeath,
  countFailure,
  EARLY_AT_ONCE,
  earlyPauseMs,
  isTooMany,
  keepsEnding,
  pauseMs,
  STABLE_MS,
} from "../../src/supervisor/backoff.ts";

const none = { failures: 0, streak: 0, early: 0 };

test("countDeath() counts those within a minute of the start, and forgets them after a longer run", () => {
  const before = { failures: 1, streak: 4, early: 2 };
  assert.deepEqual(countDeath(before, 0), { failures: 1, streak: 4, early: 3 });
  assert.deepEqual(countDeath(before, STABLE_MS - 1), { failures: 1, streak: 4, early: 3 });
  assert.deepEqual(countDeath(before, STABLE_MS), { failures: 1, streak: 0, early: 0 });
});

test("countDeath() and countFailure() keep what else is there", () => {
  const before = { ...none, restarts: 7 };
  assert.equal(countDeath(before, 0).restarts, 7);
  assert.deepEqual(countFailure(before), { ...before, failures: 1, streak: 1 });
});

test("isTooMany() is reached with maxrestarts failures in a row, with 0 never", () => {
  const rows: readonly [failures: number, maxrestarts: number, want: boolean][] = [
    [0, 1, false],
    [1, 1, true],
    [2, 3, false],
    [3, 3, true],
    [4, 3, true],
    [1, 0, false],
    [9999, 0, false],
  ];
  for (const [failures, maxrestarts, want] of rows) {
    const settings = { maxrestarts, restartDelayMs: 0 };
    const claim = `${failures} of ${maxrestarts}`;
    assert.equal(isTooMany({ ...none, failures }, { settings }), want, claim);
  }
});

test("keepsEnding() is true from the third early death on, whose pauses grow from 1 s", () => {
  const settings = { maxrestarts: 4, restartDelayMs: 0 };
  const pause = (early: number): number =>
    earlyPauseMs({ ...none, early }, { settings, chance: 0.5 });
  assert.ok(!keepsEnding({ ...none, early: EARLY_AT_ONCE }));
  assert.ok(keepsEnding({ ...none, early: EARLY_AT_ONCE + 1 }));
  const pauses = [1, 2, 3, 4].map((nth) => pause(EARLY_AT_ONCE + nth));
  assert.deepEqual(pauses, [1000, 2000, 4000, 8000]);
});

describe("pauseMs", () => {
  const pause = (streak: number, restartDelayMs = 0, chance = 0.5, maxrestarts = 0): number =>
    pauseMs(streak, { settings: { restartDelayMs, maxrestarts }, chance });

  test("doubles from 1 s to 60 s", () => {
    const all = [1, 2, 3, 4, 5, 6, 7, 8, 100, 5000].map((streak) => pause(streak));
    const want = [1, 2, 4, 8, 16, 32, 60, 60, 60, 60].map((seconds) => seconds * 1000);
    assert.deepEqual(all, want);
  });

  test("begins with restart_delay, which may be longer than 60 s", () => {
    assert.deepEqual([pause(1, 5000), pause(2, 5000), pause(9, 5000)], [5000, 10_000, 60_000]);
    assert.deepEqual([pause(1, 90_000), pause(9, 90_000)], [90_000, 90_000]);
  });

  test("never shrinks as failures go on, and keeps within 10 % of 60 s or restart_delay", () => {
    const delay = fc.integer({ min: 0, max: 200_000 });
    const chance = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(delay, chance, fc.integer({ min: 1, max: 2000 }), (delayMs, luck, streak) => {
        const longest = Math.max(60_000, delayMs);
        const found = pause(streak, delayMs, luck);
        assert.ok(pause(streak + 1, delayMs, luck) >= found);
        assert.ok(found <= longest * 1.1 + 1);
        assert.ok(found >= 0.9 * (delayMs === 0 ? 1000 : delayMs) - 1);
        assert.ok(Math.abs(found - pause(streak, delayMs)) <= 0.1 * longest + 1);
      }),
    );
  });

  test("is restart_delay alone with maxrestarts", () => {
    for (const streak of [1, 2, 50]) assert.equal(pause(streak, 3000, 0.9, 4), 3000);
  });
});
