import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseSpan, parseUntil } from "../../src/lib/until.ts";

describe("parseSpan()", () => {
  const spans: readonly (readonly [string, number | undefined])[] = [
    ["90s", 90_000],
    ["30m", 1_800_000],
    ["30min", 1_800_000],
    ["2h", 7_200_000],
    ["1h30m", 5_400_000],
    ["1d 12h", 129_600_000],
    [" 1.5h ", 5_400_000],
    ["2 h", 7_200_000],
    ["1w", 604_800_000],
    ["0s", undefined],
    ["30", undefined],
    ["-2h", undefined],
    ["2h30", undefined],
    ["soon", undefined],
    ["2h x", undefined],
    ["", undefined],
    ["1e9h", undefined],
  ];
  for (const [text, want] of spans) {
    test(`${JSON.stringify(text)} is ${want} ms`, () => assert.equal(parseSpan(text), want));
  }
});

describe("parseUntil()", () => {
  const now = new Date(2030, 0, 31, 17, 0).getTime();
  const at = (...parts: [number, number, number, number, number]): number =>
    new Date(...parts).getTime();
  const moments: readonly (readonly [string, number | undefined])[] = [
    ["18:30", at(2030, 0, 31, 18, 30)],
    ["17:00", at(2030, 1, 1, 17, 0)],
    ["04:30", at(2030, 1, 1, 4, 30)],
    ["2030-02-01", at(2030, 1, 1, 0, 0)],
    ["2030-02-01T04:30", at(2030, 1, 1, 4, 30)],
    ["2030-02-01 04:30", at(2030, 1, 1, 4, 30)],
    ["2030-01-31", undefined],
    ["2029-01-01", undefined],
    ["25:00", undefined],
    ["tomorrow", undefined],
    ["2h", undefined],
  ];
  for (const [text, want] of moments) {
    test(JSON.stringify(text), () => assert.equal(parseUntil(text, now), want));
  }
});
