import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import fc from "fast-check";
import { type Cron, parseCron } from "../../src/lib/cron.ts";
import { dealtWithUntil, JobSchedule, nextDue } from "../../src/supervisor/job-schedule.ts";
import type { SchedulePorts } from "../../src/supervisor/job-schedule.ts";
import type { Supervised } from "../../src/supervisor/context.ts";
import { FakeTime } from "../monitors/fake-time.ts";
import { programSettings } from "../support/settings.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

function every(text: string): Cron {
  const read = parseCron(text);
  assert.ok(!("problem" in read));
  return read;
}

function inZone(t: TestContext, zone: string): void {
  const tz = process.env["TZ"];
  process.env["TZ"] = zone;
  t.after(() => (tz === undefined ? delete process.env["TZ"] : (process.env["TZ"] = tz)));
}

/** The times at which a job is run, by looks at these times, each of which answers to what is due. */
function runsAt(times: Cron, begin: number, looks: readonly number[]): readonly string[] {
  const runs: string[] = [];
  let until = begin;
  for (const now of looks) {
    const at = nextDue(times, until, now);
    if (at === undefined || at > now) continue;
    runs.push(new Date(now).toISOString().slice(0, 16));
    until = now;
  }
  return runs;
}

/** A look a minute. */
const minutes = (from: string, count: number): readonly number[] =>
  Array.from({ length: count }, (_, index) => Date.parse(from) + index * MINUTE);

test("each time is due once, at the first look that is not before it", (t) => {
  inZone(t, "UTC");
  const looks = minutes("2030-01-01T00:00:30Z", 180);
  assert.deepEqual(runsAt(every("0 * * * *"), looks[0] ?? 0, looks), [
    "2030-01-01T01:00",
    "2030-01-01T02:00",
  ]);
});

test("what was slept through is made up for once", (t) => {
  inZone(t, "UTC");
  const [begin, later] = ["2030-01-01T00:30:00Z", "2030-01-03T07:10:00Z"].map(Date.parse);
  const looks = [later ?? 0, (later ?? 0) + MINUTE, (later ?? 0) + 60 * MINUTE];
  assert.deepEqual(runsAt(every("0 * * * *"), begin ?? 0, looks), [
    "2030-01-03T07:10",
    "2030-01-03T08:10",
  ]);
});

test("where clocks are set forward a time that is skipped comes an hour later, where back it counts once", (t) => {
  inZone(t, "Europe/Berlin");
  const spring = minutes("2030-03-30T23:00:00Z", 24 * 60); // 2:30 is skipped on the 31st
  assert.deepEqual(runsAt(every("30 2 * * *"), spring[0] ?? 0, spring), ["2030-03-31T01:30"]);
  const autumn = minutes("2030-10-26T22:00:00Z", 24 * 60); // 2:30 comes twice on the 27th
  assert.deepEqual(runsAt(every("30 2 * * *"), autumn[0] ?? 0, autumn), ["2030-10-27T00:30"]);
});

test("a clock that is set back a little makes nothing due twice, and one that was far ahead nothing late", (t) => {
  inZone(t, "UTC");
  const four = Date.parse("2030-01-01T04:00:01Z");
  const daily = every("0 4 * * *");
  assert.equal(nextDue(daily, four, four - 2 * HOUR), Date.parse("2030-01-02T04:00:00Z"));
  assert.equal(nextDue(daily, four, four - 48 * HOUR), Date.parse("2029-12-31T04:00:00Z"));
  assert.equal(dealtWithUntil(four, four + HOUR), four);
});

test("however the clock goes on, a job is run for a time that was passed, and never twice for one", (t) => {
  inZone(t, "UTC");
  const hourly = every("0 * * * *");
  const steps = fc.array(fc.integer({ min: 1, max: 5 * HOUR }), { maxLength: 50 });
  fc.assert(
    fc.property(fc.integer({ min: 1.9e12, max: 2e12 }), steps, (begin, all) => {
      let until = begin;
      let now = begin;
      for (const step of all) {
        const before = now;
        now += step;
        const hours = Math.floor(now / HOUR) - Math.floor(before / HOUR);
        const isDue = (nextDue(hourly, until, now) ?? Infinity) <= now;
        assert.equal(isDue, hours > 0);
        if (isDue) until = now;
      }
    }),
  );
});

/** A schedule on a clock of its own. */
function scene(t: TestContext, catchUp: boolean, dueUntil?: string) {
  inZone(t, "UTC");
  const time = new FakeTime(t);
  time.wallOffset = Date.parse("2030-01-01T03:00:00Z") - time.now;
  const settings = { ...programSettings("/", ["x"]), type: "job", catchUp } as const;
  let record: object = { dueUntil };
  let looks = 0;
  const ledger = {
    get record() {
      return record;
    },
    base: () => record,
    keep: (one: object) => void (record = one),
    write: (one: object) => void (record = one),
  };
  const ports = { ledger, mailbox: { look: () => void (looks += 1) } };
  const schedule = new JobSchedule(
    { settings } as unknown as Supervised,
    ports as unknown as SchedulePorts,
    every("0 4 * * *"),
    true,
  );
  return { time, schedule, looks: () => looks, record: () => record };
}

test("is a reason to look when a time comes, and due until somebody has answered to it", async (t) => {
  const { time, schedule, looks, record } = scene(t, false);
  await time.advance(HOUR - 1000);
  assert.deepEqual([looks(), schedule.isDue], [0, false]);
  await time.advance(1000);
  assert.deepEqual([looks(), schedule.isDue], [1, true]);
  await time.advance(HOUR);
  assert.equal(schedule.isDue, true);
  schedule.answer();
  assert.equal(schedule.isDue, false);
  assert.deepEqual(record(), { dueUntil: undefined }, "without catch_up that need not be known");
  await time.advance(24 * HOUR);
  assert.deepEqual([looks(), schedule.isDue], [2, true]);
  schedule.end();
  assert.equal(time.timers, 0);
});

test("a clock that is set meanwhile makes no time too early", async (t) => {
  const { time, schedule, looks } = scene(t, false);
  time.wallOffset -= 30 * MINUTE;
  await time.advance(HOUR);
  assert.deepEqual([looks(), schedule.isDue], [0, false]);
  await time.advance(30 * MINUTE);
  assert.deepEqual([looks(), schedule.isDue], [1, true]);
});

test("with catch_up what was due since the record says so is due at once; without it is not", (t) => {
  const before = "2029-12-30T12:00:00.000Z";
  assert.equal(scene(t, true, before).schedule.isDue, true);
  const { schedule } = scene(t, false, before);
  assert.equal(schedule.isDue, false);
});

test("with catch_up it is put on record from when on nothing was missed", (t) => {
  const { schedule, record } = scene(t, true);
  assert.deepEqual([schedule.isDue, schedule.isUnnoted], [false, true]);
  schedule.note();
  assert.deepEqual(record(), { dueUntil: "2030-01-01T03:00:00.000Z" });
  assert.equal(schedule.isUnnoted, false);
});
