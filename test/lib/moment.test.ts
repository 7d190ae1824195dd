import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseSince, parseSpan, parseUntil } from "../../src/lib/moment.ts";

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

describe("parseSince()", () => {
  const now = new Date(2030, 0, 15, 12, 0, 0).getTime();
  const rows: readonly [text: string, want: number | undefined][] = [
    ["90s", now - 90_000],
    ["10m", now - 600_000],
    ["10min", now - 600_000],
    ["1.5h", now - 5_400_000],
    ["1h30m", now - 5_400_000],
    ["0s", now],
    ["2 d", now - 2 * 86_400_000],
    ["04:30", new Date(2030, 0, 15, 4, 30).getTime()],
    ["4:30:15", new Date(2030, 0, 15, 4, 30, 15).getTime()],
    ["23:00", new Date(2030, 0, 14, 23, 0).getTime()],
    ["2030-01-02", new Date(2030, 0, 2).getTime()],
    ["2030-01-02T03:04", new Date(2030, 0, 2, 3, 4).getTime()],
    ["2030-01-02 03:04:05", new Date(2030, 0, 2, 3, 4, 5).getTime()],
    ["2030-01-02T03:04:05Z", Date.UTC(2030, 0, 2, 3, 4, 5)],
    ["10", undefined],
    ["yesterday", undefined],
    ["24:00", undefined],
    ["2030-13-01", undefined],
    ["-5m", undefined],
    ["", undefined],
  ];
  for (const [text, want] of rows) {
    test(JSON.stringify(text), () => assert.equal(parseSince(text, now), want));
  }
});
