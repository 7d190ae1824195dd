import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  formatBytes,
  formatDuration,
  formatDurationShort,
  formatPercent,
  isoTime,
  listNames,
  localSecond,
  shellWord,
} from "../../src/lib/format.ts";

describe("formatDuration", () => {
  const second = 1000;
  const hour = 3600 * second;
  const rows: readonly [ms: number, want: string][] = [
    [0, "0 ms"],
    [40.4, "40 ms"],
    [949, "949 ms"],
    [960, "1 s"],
    [1500, "1.5 s"],
    [5000, "5 s"],
    [9949, "9.9 s"],
    [9950, "10 s"],
    [59.4 * second, "59 s"],
    [59.6 * second, "1 min"],
    [200 * second, "3 min 20 s"],
    [hour, "1 h"],
    [2 * hour + 5 * 60 * second, "2 h 5 min"],
    [24 * hour, "1 d"],
    [(12 * 24 + 4) * hour, "12 d 4 h"],
  ];
  for (const [ms, want] of rows) {
    test(`${ms} ms is ${want}`, () => assert.equal(formatDuration(ms), want));
  }

  test("is a number with a unit, or two, for any length", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e11, noNaN: true }), (ms) => {
        assert.match(formatDuration(ms), /^\d+(\.\d)? (ms|s|min|h|d)( \d+ (s|min|h))?$/);
      }),
    );
  });
});

describe("formatDurationShort", () => {
  const rows: readonly [seconds: number, want: string][] = [
    [0.4, "0s"],
    [59.4, "59s"],
    [200, "3m20s"],
    [3600, "1h"],
    [86_399, "23h59m"],
    [12.5 * 86_400, "12d12h"],
    [365.5 * 86_400, "365d"],
  ];
  for (const [seconds, want] of rows) {
    test(`${seconds} s is ${want}`, () => assert.equal(formatDurationShort(seconds * 1000), want));
  }

  test("has six characters at most, for a hundred years", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 3e12, noNaN: true }), (ms) => {
        assert.match(formatDurationShort(ms), /^(\d+[smhd]){1,2}$/);
        assert.ok(formatDurationShort(ms).length <= 6, formatDurationShort(ms));
      }),
    );
  });
});

test("formatPercent() has a fraction where that is a part of the number", () => {
  const rows = [
    [0, "0.0%"],
    [0.25, "0.3%"],
    [9.94, "9.9%"],
    [9.96, "10%"],
    [380.4, "380%"],
  ] as const;
  for (const [percent, want] of rows) assert.equal(formatPercent(percent), want);
});

test("isoTime() of what no date can have is the last one", () => {
  assert.equal(isoTime(0), "1970-01-01T00:00:00.000Z");
  for (const ms of [8.64e15, 8.64e15 + 1, Number.MAX_SAFE_INTEGER, Infinity]) {
    assert.equal(isoTime(ms), "+275760-09-13T00:00:00.000Z");
    assert.equal(Date.parse(isoTime(ms)), 8.64e15);
  }
});

describe("formatBytes", () => {
  const rows: readonly [bytes: number, want: string][] = [
    [0, "0 kB"],
    [512 * 1024, "512 kB"],
    [34.2 * 1024 ** 2, "34.2 MB"],
    [1.5 * 1024 ** 3, "1.5 GB"],
  ];
  for (const [bytes, want] of rows) {
    test(`${bytes} is ${want}`, () => assert.equal(formatBytes(bytes), want));
  }

  test("has at most four digits before its point, up to a terabyte", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1024 ** 4, noNaN: true }), (bytes) => {
        assert.match(formatBytes(bytes), /^\d{1,4}(\.\d)? [kMG]B$/);
      }),
    );
  });
});

describe("shellWord", () => {
  test("leaves a plain path as it is", () => {
    assert.equal(shellWord("/home/me/a-b_c.d@2"), "/home/me/a-b_c.d@2");
  });

  test("is one word for a shell, whatever it holds", () => {
    const words = [
      "",
      "a b",
      "it's",
      "''",
      "$HOME",
      "`id`",
      "\\",
      'a"b',
      "line\nline",
      "~",
      "*",
      "-n",
    ];
    const line = `printf '%s\\0' ${words.map(shellWord).join(" ")}`;
    const out = execFileSync("/bin/sh", ["-c", line], { encoding: "utf8" });
    assert.deepEqual(out.split("\0").slice(0, -1), words);
  });
});

test("of many names the first ten are listed, with the number of the others", () => {
  const names = Array.from({ length: 12 }, (_, index) => `w${index}`);
  assert.equal(listNames(["web", "db"]), "web, db");
  assert.equal(listNames(names), "w0, w1, w2, w3, w4, w5, w6, w7, w8, w9 and 2 more");
});

test("a time for people is by the clock of the machine", () => {
  assert.equal(localSecond(new Date(2030, 0, 31, 4, 5, 6).toISOString()), "2030-01-31 04:05:06");
  assert.equal(localSecond("never"), "never");
});
