import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import fc from "fast-check";
import { type Cron, nextTime, parseCron } from "../../src/lib/cron.ts";

function cron(text: string): Cron {
  const read = parseCron(text);
  assert.ok(!("problem" in read), text);
  return read;
}

const tz = process.env["TZ"];
afterEach(() => {
  if (tz === undefined) delete process.env["TZ"];
  else process.env["TZ"] = tz;
});

/** The next times after an instant, in a time zone. */
function times(text: string, zone: string, after: string, count = 3): readonly string[] {
  process.env["TZ"] = zone;
  const found: string[] = [];
  for (let at: Date | undefined = new Date(after); found.length < count;) {
    at = nextTime(cron(text), at);
    if (at === undefined) break;
    found.push(at.toISOString().slice(0, 16));
  }
  return found;
}

describe("nextTime() finds", () => {
  const rows: readonly (readonly [text: string, after: string, want: readonly string[]])[] = [
    [
      "0 4 * * *",
      "2026-11-28T04:00:00Z",
      ["2026-11-29T04:00", "2026-11-30T04:00", "2026-12-01T04:00"],
    ],
    [
      "0 4 * * *",
      "2026-11-28T03:59:59.999Z",
      ["2026-11-28T04:00", "2026-11-29T04:00", "2026-11-30T04:00"],
    ],
    [
      "*/20 6,18 * * *",
      "2026-12-31T18:21:00Z",
      ["2026-12-31T18:40", "2027-01-01T06:00", "2027-01-01T06:20"],
    ],
    [
      "5 0 29 2 *",
      "2096-03-01T00:00:00Z",
      ["2104-02-29T00:05", "2108-02-29T00:05", "2112-02-29T00:05"],
    ],
    // Either of both kinds of days will do.
    [
      "0 0 13 * fri",
      "2026-11-01T00:00:00Z",
      ["2026-11-06T00:00", "2026-11-13T00:00", "2026-11-20T00:00"],
    ],
    [
      "0 0 * * 7",
      "2026-11-28T00:00:00Z",
      ["2026-11-29T00:00", "2026-12-06T00:00", "2026-12-13T00:00"],
    ],
    [
      "0 9 * dec mon-wed",
      "2026-11-28T00:00:00Z",
      ["2026-12-01T09:00", "2026-12-02T09:00", "2026-12-07T09:00"],
    ],
    [
      "@monthly",
      "2026-11-28T00:00:00Z",
      ["2026-12-01T00:00", "2027-01-01T00:00", "2027-02-01T00:00"],
    ],
    [
      "50/5 23 * * *",
      "2026-11-28T00:00:00Z",
      ["2026-11-28T23:50", "2026-11-28T23:55", "2026-11-29T23:50"],
    ],
  ];
  for (const [text, after, want] of rows) {
    test(`${text} after ${after}`, () => assert.deepEqual(times(text, "UTC", after), want));
  }
});

test("nextTime() finds seconds where there are six fields", () => {
  process.env["TZ"] = "UTC";
  const rows: readonly (readonly [text: string, after: string, want: string])[] = [
    ["*/20 * * * * *", "2026-11-28T04:00:00Z", "2026-11-28T04:00:20.000Z"],
    ["*/20 * * * * *", "2026-11-28T04:00:40Z", "2026-11-28T04:01:00.000Z"],
    ["*/20 * * * * *", "2026-11-28T23:59:59.999Z", "2026-11-29T00:00:00.000Z"],
    ["30 0 4 * * *", "2026-11-28T04:00:29.500Z", "2026-11-28T04:00:30.000Z"],
    ["30 0 4 * * *", "2026-11-28T04:00:30Z", "2026-11-29T04:00:30.000Z"],
    ["* * * * * *", "2026-12-31T23:59:59Z", "2027-01-01T00:00:00.000Z"],
  ];
  for (const [text, after, want] of rows) {
    assert.equal(nextTime(cron(text), new Date(after))?.toISOString(), want, text);
  }
  // Of the hour that comes twice, in local time, each second counts once.
  assert.deepEqual(times("59 30 2 * * *", "Europe/Berlin", "2026-10-24T00:00:00Z"), [
    "2026-10-24T00:30",
    "2026-10-25T00:30",
    "2026-10-26T01:30",
  ]);
});

describe("where clocks are set forward or back, a time comes once a day:", () => {
  const rows: readonly (readonly [
    what: string,
    text: string,
    zone: string,
    after: string,
    want: readonly string[],
  ])[] = [
    [
      "what is skipped comes an hour later",
      "30 2 * * *",
      "Europe/Berlin",
      "2026-03-28T00:00:00Z",
      ["2026-03-28T01:30", "2026-03-29T01:30", "2026-03-30T00:30"],
    ],
    [
      "what comes twice counts the first time",
      "30 2 * * *",
      "Europe/Berlin",
      "2026-10-24T00:00:00Z",
      ["2026-10-24T00:30", "2026-10-25T00:30", "2026-10-26T01:30"],
    ],
    [
      "between both of them it has been",
      "30 2 * * *",
      "Europe/Berlin",
      "2026-10-25T01:00:00Z",
      ["2026-10-26T01:30", "2026-10-27T01:30", "2026-10-28T01:30"],
    ],
    [
      "at midnight, too",
      "0 0 * * *",
      "America/Santiago",
      "2026-09-05T12:00:00Z",
      ["2026-09-06T04:00", "2026-09-07T03:00", "2026-09-08T03:00"],
    ],
    [
      "by half an hour, too",
      "10 2 * * *",
      "Australia/Lord_Howe",
      "2026-10-03T00:00:00Z",
      ["2026-10-03T15:40", "2026-10-04T15:10", "2026-10-05T15:10"],
    ],
  ];
  for (const [what, text, zone, after, want] of rows) {
    test(what, () => assert.deepEqual(times(text, zone, after), want));
  }

  test("each day of some years, whatever the time and the zone", () => {
    const zones = fc.constantFrom(
      "Europe/Berlin",
      "America/Santiago",
      "Australia/Lord_Howe",
      "America/New_York",
      "UTC",
    );
    fc.assert(
      fc.property(zones, fc.nat(23), fc.nat(59), fc.nat(1460), (zone, hour, minute, day) => {
        process.env["TZ"] = zone;
        const daily = cron(`${minute} ${hour} * * *`);
        let at = new Date(2024, 0, 1 + day, 12);
        for (let days = 0; days < 40; days += 1) {
          const next = nextTime(daily, at);
          assert.ok(next);
          const hours = (next.getTime() - at.getTime()) / 3_600_000;
          assert.ok(days === 0 || (hours > 22 && hours < 26), `${zone} ${next.toISOString()}`);
          at = next;
        }
      }),
      { numRuns: 100 },
    );
  });
});

describe("parseCron() refuses", () => {
  beforeEach(() => (process.env["TZ"] = "UTC"));
  const rows: readonly (readonly [text: string, problem: RegExp])[] = [
    ["", /^is not five fields/],
    ["4:00", /^is not five fields/],
    ["0 4 * *", /^is not five fields \(minute, hour, .*\), as 0 4 \* \* \*, nor six, with .*$/],
    ["0 0 4 * * * *", /^is not five fields/],
    ["60 0 4 * * *", /^has no second from 0 to 59 in "60"$/],
    ["60 4 * * *", /^has no minute from 0 to 59 in "60"$/],
    ["0 24 * * *", /^has no hour from 0 to 23 in "24"$/],
    ["0 4 0 * *", /^has no day of the month from 1 to 31 in "0"$/],
    ["0 4 * 13 *", /^has no month from 1 to 12 in "13"$/],
    ["0 4 * * 8", /^has no day of the week from 0 to 7 in "8"$/],
    ["0 4 * * funday", /^has no day of the week from 0 to 7 in "funday"$/],
    ["0 4-2 * * *", /^has no hour from 0 to 23 in "4-2"$/],
    ["*/0 4 * * *", /^has no minute from 0 to 59 in "\*\/0"$/],
    ["-1 4 * * *", /^has no minute/],
    ["1,,2 4 * * *", /^has no minute from 0 to 59 in ""$/],
    ["1-2-3 4 * * *", /^has no minute/],
    ["*-5 4 * * *", /^has no minute/],
    ["@noon", /^is not five fields/],
    ["0 4 31 2 *", /^never comes: there is no such day in that month$/],
  ];
  for (const [text, problem] of rows) {
    test(JSON.stringify(text), () => {
      const read = parseCron(text);
      assert.match("problem" in read ? read.problem : "nothing is wrong", problem);
    });
  }
});

test("parseCron() takes any text without a fault, and what it takes comes", () => {
  const word = fc.constantFrom("*", "*/7", "1", "5-9", "1,3", "jan", "mon-fri", "31", "x", "0", "");
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(word, { maxLength: 6 }).map((all) => all.join(" ")),
      ),
      (text) => {
        const read = parseCron(text);
        if ("problem" in read) return;
        assert.ok(nextTime(read, new Date(2026, 1, 3)));
      },
    ),
  );
});
