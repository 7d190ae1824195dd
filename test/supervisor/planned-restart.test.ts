import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import fc from "fast-check";
import type { Pid, ProcessRef, Ticks } from "../../proc/pid.ts";
import { type Cron, nextTime, parseCron } from "../../src/lib/cron.ts";
import { dueInMs, timeDueAt } from "../../src/lifecycle/restart-times.ts";
import { planRestart } from "../../src/supervisor/planned-restart.ts";
import type { ExceededLimit } from "../../src/supervisor/program-state.ts";
import { FakeTime } from "../monitors/fake-time.ts";

const HOUR = 3_600_000;
const ref = (pid: number): ProcessRef => ({ pid: pid as Pid, startTime: 7 as Ticks });

function every(text: string): Cron {
  const read = parseCron(text);
  assert.ok(!("problem" in read));
  return read;
}

/** A process of this age, on a clock of its own, which shows `wall` in UTC. */
function scene(
  t: TestContext,
  plan: { readonly maxAgeMs?: number; readonly restartAt?: Cron; readonly enabled?: boolean },
  { ageMs = 0, wall = "2026-11-28T01:00:00Z", pid = 10 } = {},
): { readonly time: FakeTime; readonly due: ExceededLimit[]; readonly cancel: () => void } {
  const time = new FakeTime(t);
  const tz = process.env["TZ"];
  process.env["TZ"] = "UTC";
  t.after(() => (tz === undefined ? delete process.env["TZ"] : (process.env["TZ"] = tz)));
  time.wallOffset = Date.parse(wall) - time.now;
  const due: ExceededLimit[] = [];
  const all = { name: "web", enabled: true, maxAgeMs: 0, restartAt: undefined, ...plan };
  const cancel = planRestart(ref(pid), all, ageMs, (why) => due.push(why));
  return { time, due, cancel };
}

test("max_age: once, a little before that age, and nothing after it", async (t) => {
  const { time, due } = scene(t, { maxAgeMs: 24 * HOUR }, { ageMs: HOUR });
  await time.advance(21.7 * HOUR);
  assert.deepEqual(due, []);
  await time.advance(1.3 * HOUR);
  const reason = "planned restart: max_age = 1 d";
  const want = {
    monitor: "max_age",
    measured: undefined,
    limit: 24 * HOUR,
    reason,
    isPlanned: true,
  };
  assert.deepEqual(due, [want]);
  await time.advance(100 * HOUR);
  assert.equal(due.length, 1);
  assert.equal(time.timers, 0);
});

test("max_age: not all at once, also of those that are too old, and no time changes by a second look", () => {
  const chance = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(fc.integer({ min: 1000, max: 1e10 }), fc.nat(2e10), chance, (max, age, luck) => {
      const inMs = dueInMs(max, age, luck);
      assert.ok(inMs >= 0);
      assert.ok(age >= 0.95 * max || age + inMs <= max);
      assert.ok(age < 0.95 * max || inMs <= 0.05 * max);
      assert.ok(inMs <= Math.max(600_000, max - age));
    }),
  );
});

test("restart_at: at that time or within a minute, and not again for the same process", async (t) => {
  const { time, due } = scene(t, { restartAt: every("30 4 * * *") });
  await time.advance(3.5 * HOUR - 1);
  assert.deepEqual(due, []);
  await time.advance(60_001);
  assert.deepEqual(
    due.map(({ reason }) => reason),
    ["planned restart: restart_at = 30 4 * * *"],
  );
  await time.advance(48 * HOUR);
  assert.equal(due.length, 1);
});

test("restart_at: neither twice nor never, however often it is looked at, and where clocks are set forward or back", () => {
  const tz = process.env["TZ"];
  const zone = fc.constantFrom("Europe/Berlin", "America/Santiago", "UTC");
  const times = fc.constantFrom("30 2 * * *", "0 0 * * *", "15 4 * * *", "0 1,13 * * *");
  const looks = fc.array(fc.integer({ min: 2000, max: 40_000 }), { minLength: 1, maxLength: 5 });
  const chance = fc.double({ min: 0, max: 1, noNaN: true });
  const first = fc.constantFrom(
    "2026-03-25T12:00:00Z",
    "2026-09-03T12:00:00Z",
    "2026-10-22T12:00:00Z",
  );
  try {
    fc.assert(
      fc.property(zone, times, looks, fc.array(chance, { minLength: 1 }), first, (...all) => {
        const [where, text, pauses, chances, begin] = all;
        process.env["TZ"] = where;
        const cron = every(text);
        let now = Date.parse(begin);
        let born = now;
        let at = new Date(now);
        for (let restarts = 0; restarts < 8; restarts += 1) {
          at = nextTime(cron, at) ?? at;
          const luck = chances[restarts % chances.length] ?? 0;
          // Near to it somebody looks again and again: a reread, another usrsvcd.
          for (let look = 0; ; look += 1) {
            const due = timeDueAt(cron, now, now - born, luck);
            assert.ok(due !== undefined && due >= at.getTime() && due <= at.getTime() + 60_000);
            const pause =
              due - now > 200_000 ? due - now - 150_000 : (pauses[look % pauses.length] ?? 0);
            now = Math.min(now + pause, due);
            if (now === due) break;
          }
          now += restarts % 7; // it takes some ms to end
          born = now;
        }
      }),
      { numRuns: 60 },
    );
  } finally {
    if (tz === undefined) delete process.env["TZ"];
    else process.env["TZ"] = tz;
  }
});

test("restart_at: a clock that is set counts", async (t) => {
  const back = scene(t, { restartAt: every("0 4 * * *") });
  await back.time.advance(2.5 * HOUR);
  back.time.wallOffset -= 2 * HOUR;
  await back.time.advance(2.4 * HOUR);
  assert.deepEqual(back.due, []);
  await back.time.advance(0.2 * HOUR);
  assert.equal(back.due.length, 1);
});

test("restart_at: a time that a clock has passed over is made up within an hour", async (t) => {
  const { time, due } = scene(t, { restartAt: every("0 4 * * *") });
  await time.advance(HOUR);
  time.wallOffset += 5 * HOUR;
  await time.advance(HOUR);
  assert.equal(due.length, 1);
});

test("whichever comes first", async (t) => {
  const { time, due } = scene(t, { maxAgeMs: 2 * HOUR, restartAt: every("0 4 * * *") });
  await time.advance(10 * HOUR);
  assert.deepEqual(
    due.map(({ monitor }) => monitor),
    ["max_age"],
  );
});

test("nothing of a program that is disabled, and nothing once it is called off", async (t) => {
  const off = scene(t, { enabled: false, maxAgeMs: HOUR, restartAt: every("* * * * *") });
  assert.equal(off.time.timers, 0);
  const { time, due, cancel } = scene(t, { maxAgeMs: HOUR, restartAt: every("* * * * *") });
  cancel();
  assert.equal(time.timers, 0);
  await time.advance(10 * HOUR);
  assert.deepEqual([...off.due, ...due], []);
});
