import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  readAutorestart,
  readCron,
  readLongestPause,
  readMaxAge,
  readRetry,
  readStopLasts,
  readSuccessExit,
} from "../../src/config/restart-values.ts";
import { type RawValue, readBoolean, type Reading } from "../../src/config/values.ts";

/** As ConfigObj has a value of a file: with commas it is a list. */
function raw(text: string): RawValue {
  const list = text.includes(",") ? text.split(",").map((word) => word.trim()) : undefined;
  return { text, list, isBrokenList: false };
}

function problem(reading: Reading<unknown>): string {
  return "problem" in reading ? reading.problem : `is ${JSON.stringify(reading.value)}`;
}

describe("readAutorestart", () => {
  test("reads what readBoolean() does, and on-failure", () => {
    const texts = fc.constantFrom(
      "True",
      "false",
      "YES",
      "no",
      "on",
      "oFF",
      "0",
      "1",
      "00",
      "7",
      "٠",
    );
    fc.assert(
      fc.property(texts, (text) => {
        assert.deepEqual(readAutorestart(raw(text)), readBoolean(raw(text)));
      }),
    );
    for (const text of ["on-failure", "On-Failure"]) {
      assert.deepEqual(readAutorestart(raw(text)), { value: "on-failure" });
    }
  });

  const wrongs: readonly [text: string, meant: string | undefined][] = [
    ["onfailure", "on-failure"],
    ["on_failure", "on-failure"],
    ["on failure", "on-failure"],
    ["on-failur", "on-failure"],
    ["failure", "on-failure"],
    ["unexpected", "on-failure"],
    ["always", "True"],
    ["never", "False"],
    ["ture", "True"],
    ["-1", undefined],
    ["", undefined],
    ["perhaps", undefined],
  ];
  for (const [text, meant] of wrongs) {
    test(`refuses ${JSON.stringify(text)}: ${meant ?? "nothing is near"}`, () => {
      const advice = meant === undefined ? "" : `; did you mean ${meant}?`;
      const wanted = "is neither true nor false nor on-failure (nor yes, no, on, off, 1 or 0)";
      assert.equal(
        problem(readAutorestart(raw(text))),
        `${JSON.stringify(text)} ${wanted}${advice}`,
      );
    });
  }
});

describe("readSuccessExit", () => {
  const rights: readonly [text: string, value: readonly (number | string)[]][] = [
    ["0", [0]],
    ["2", [2]],
    ["0, 2, SIGTERM", [0, 2, "SIGTERM"]],
    ["term, SIGTERM, Term", ["SIGTERM"]],
    ["0, 00, 0", [0]],
    ["255", [255]],
    ["0,", [0]],
    ["SIGPOLL, IOT", ["SIGIO", "SIGABRT"]],
    ["SIG34, SIG64", ["SIG34", "SIG64"]],
  ];
  for (const [text, value] of rights) {
    test(`reads ${text}`, () => assert.deepEqual(readSuccessExit(raw(text)), { value }));
  }

  const wrongs: readonly [text: string, problem: RegExp][] = [
    ["", /^"" names no exit; write 0, or leave the line out$/],
    [",", /^"," names no exit/],
    ["256", /^"256" is neither an exit code from 0 to 255 nor a signal such as SIGTERM$/],
    ["-1", /^"-1" is neither/],
    ["0.5", /^"0.5" is neither/],
    ["0x10", /^"0x10" is neither/],
    ["0, 2 SIGTERM", /^"2 SIGTERM" is neither/],
    ["0, SIGFOO", /^"SIGFOO" is neither/],
    ["SIGTREM", /^"SIGTREM" is neither .*; did you mean SIGTERM\?$/],
    ["SIG33", /^"SIG33" is neither/],
    ["SIG", /^"SIG" is neither/],
    ["success", /^"success" is neither/],
  ];
  for (const [text, want] of wrongs) {
    test(`refuses ${JSON.stringify(text)}`, () => {
      assert.match(problem(readSuccessExit(raw(text))), want);
    });
  }

  test("says so of a list that is none", () => {
    const broken = { text: "0, 'x", list: undefined, isBrokenList: true };
    assert.match(problem(readSuccessExit(broken)), /is not a list such as 0, 2, SIGTERM$/);
  });
});

test("readLongestPause() refuses what would have a program started over and over", () => {
  assert.deepEqual(readLongestPause(raw("5m")), { value: 300_000 });
  assert.deepEqual(readLongestPause(raw("100ms")), { value: 100 });
  assert.deepEqual(readLongestPause(raw("")), { value: undefined });
  for (const text of ["0", "99ms", "0.05"]) {
    assert.match(problem(readLongestPause(raw(text))), /is too short .*; at least 100ms$/);
  }
  for (const text of ["-1", "soon", "5 minutes"]) {
    assert.match(problem(readLongestPause(raw(text))), /is not a number of seconds/);
  }
});

test("readRetry() takes 0 for never, and nothing that is no pause", () => {
  assert.deepEqual(readRetry(raw("15m")), { value: 900_000 });
  assert.deepEqual(readRetry(raw("0")), { value: 0 });
  assert.match(problem(readRetry(raw("0.5"))), /is too short .*; at least 1s, or 0 for never$/);
  assert.match(problem(readRetry(raw("never"))), /is not a number of seconds/);
});

test("readMaxAge() and readCron() take nothing for no plan", () => {
  assert.deepEqual(readMaxAge(raw("24h")), { value: 86_400_000 });
  assert.deepEqual(readMaxAge(raw("0")), { value: 0 });
  assert.match(
    problem(readMaxAge(raw("0.9"))),
    /is too short for an age; at least 1s, or 0 for any$/,
  );
  assert.deepEqual(readCron(raw("")), { value: undefined });
  const read = readCron(raw("0 4, 16 * * *"));
  assert.ok("value" in read && read.value !== undefined);
  assert.deepEqual([read.value.text, read.value.hours], ["0 4,16 * * *", [4, 16]]);
  assert.match(problem(readCron(raw("4:00"))), /^"4:00" is not five fields/);
});

test("readStopLasts() names both words, and the one that was meant", () => {
  assert.deepEqual(readStopLasts(raw("forever")), { value: "forever" });
  assert.deepEqual(readStopLasts(raw("Boot")), { value: "boot" });
  const wanted = "is neither boot (until the next one) nor forever (until usrsvc start)";
  const wrongs = { "for ever": "forever", reboot: "boot", always: undefined, "": undefined };
  for (const [text, meant] of Object.entries(wrongs)) {
    const advice = meant === undefined ? "" : `; did you mean ${meant}?`;
    assert.equal(problem(readStopLasts(raw(text))), `${JSON.stringify(text)} ${wanted}${advice}`);
  }
});
