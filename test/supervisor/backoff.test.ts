import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  type BackoffContext,
  countDeath,
  countEnd,
  countFailure,
  EARLY_AT_ONCE,
  earlyPauseMs,
  isTooMany,
  keepsEnding,
  MOST_ENDS,
  noFailures as none,
  pauseMs,
  STABLE_MS,
  startAnew,
} from "../../src/supervisor/backoff.ts";

const defaults: BackoffContext["settings"] = {
  maxrestarts: 0,
  restartDelayMs: 0,
  restartMaxDelayMs: undefined,
  restartWindowMs: 0,
};

test("countDeath() counts those within a minute of the start, and forgets them after a longer run", () => {
  const before = { failures: 1, streak: 4, early: 2, ends: [7] };
  assert.deepEqual(countDeath(before, 0), { ...before, early: 3 });
  assert.deepEqual(countDeath(before, STABLE_MS - 1), { ...before, early: 3 });
  assert.deepEqual(countDeath(before, STABLE_MS), { ...before, streak: 0, early: 0 });
});

test("countDeath() and countFailure() keep what else is there", () => {
  const before = { ...none, restarts: 7 };
  assert.equal(countDeath(before, 0).restarts, 7);
  const context = { settings: defaults, now: 5 };
  assert.deepEqual(countFailure(before, context), { ...before, failures: 1, streak: 1 });
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
    const settings = { ...defaults, maxrestarts };
    const claim = `${failures} of ${maxrestarts}`;
    assert.equal(isTooMany({ ...none, failures }, { settings }), want, claim);
  }
});

test("keepsEnding() is true from the third early death on, whose pauses grow from 1 s", () => {
  const settings = { ...defaults, maxrestarts: 4 };
  const pause = (early: number): number =>
    earlyPauseMs({ ...none, early }, { settings, chance: 0.5 });
  assert.ok(!keepsEnding({ ...none, early: EARLY_AT_ONCE }));
  assert.ok(keepsEnding({ ...none, early: EARLY_AT_ONCE + 1 }));
  const pauses = [1, 2, 3, 4].map((nth) => pause(EARLY_AT_ONCE + nth));
  assert.deepEqual(pauses, [1000, 2000, 4000, 8000]);
});

describe("pauseMs", () => {
  const pause = (streak: number, restartDelayMs = 0, chance = 0.5, maxrestarts = 0): number =>
    pauseMs(streak, { settings: { ...defaults, restartDelayMs, maxrestarts }, chance });

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

  test("grows up to restart_max_delay, which is a fixed one where it is no longer than restart_delay", () => {
    const capped = (restartMaxDelayMs: number, restartDelayMs: number, chance = 0.5) =>
      [1, 2, 3, 9].map((streak) =>
        pauseMs(streak, { settings: { ...defaults, restartDelayMs, restartMaxDelayMs }, chance }),
      );
    assert.deepEqual(capped(3000, 0), [1000, 2000, 3000, 3000]);
    assert.deepEqual(capped(300_000, 2000), [2000, 4000, 8000, 300_000]);
    for (const chance of [0, 0.9]) {
      assert.deepEqual(capped(5000, 5000, chance), [5000, 5000, 5000, 5000]);
      assert.deepEqual(capped(500, 0, chance), [500, 500, 500, 500]);
      assert.deepEqual(capped(1000, 4000, chance), [4000, 4000, 4000, 4000]);
    }
  });

  test("is restart_delay alone with maxrestarts", () => {
    for (const streak of [1, 2, 50]) assert.equal(pause(streak, 3000, 0.9, 4), 3000);
  });
});

describe("within restart_window", () => {
  const settings = { ...defaults, maxrestarts: 3, restartWindowMs: 1000 };

  test("what is older counts no more", () => {
    let failures = none;
    const seen = [0, 400, 999, 1000, 1399, 1400, 9000].map((now) => {
      failures = countEnd(failures, { settings, now });
      return [failures.ends.length, isTooMany(failures, { settings })];
    });
    assert.deepEqual(seen, [
      [1, false],
      [2, false],
      [3, true],
      [3, true],
      [4, true],
      [4, true],
      [1, false],
    ]);
  });

  test("failed starts count like ends, and not those in a row", () => {
    const failed = countFailure({ ...none, failures: 9, ends: [1] }, { settings, now: 5 });
    assert.deepEqual(failed, { failures: 10, streak: 1, early: 0, ends: [1, 5] });
    assert.equal(isTooMany(failed, { settings }), false);
  });

  test("nothing is counted where nothing can come of it", () => {
    for (const change of [{ restartWindowMs: 0 }, { maxrestarts: 0 }]) {
      assert.equal(countEnd(none, { settings: { ...settings, ...change }, now: 5 }), none);
    }
  });

  test("an operator's start begins a new count", () => {
    assert.deepEqual(startAnew({ failures: 1, streak: 2, early: 3, ends: [1, 2] }), {
      ...none,
      failures: 1,
    });
  });

  test("no more than so many are kept, however many there are, and all of them within it", () => {
    const times = fc.array(fc.nat(400), { maxLength: 300 });
    fc.assert(
      fc.property(times, fc.integer({ min: 1, max: 5000 }), (pauses, maxrestarts) => {
        const most = { ...settings, maxrestarts };
        let failures = {
          ...none,
          ends: Array.from({ length: MOST_ENDS }, () => 0) as readonly number[],
        };
        let now = 0;
        const all: number[] = [];
        for (const pause of pauses) {
          now += pause;
          all.push(now);
          failures = countEnd(failures, { settings: most, now });
          assert.ok(failures.ends.length <= MOST_ENDS);
          assert.ok(failures.ends.every((at) => now - at < 1000));
        }
        const recent = all.filter((at) => now - at < 1000).length;
        if (now >= 1000) {
          assert.equal(failures.ends.length, recent);
          assert.equal(isTooMany(failures, { settings: most }), recent >= maxrestarts);
        }
      }),
    );
  });
});
