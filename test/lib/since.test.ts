import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseSince } from "../../src/lib/since.ts";

const now = new Date(2030, 0, 15, 12, 0, 0).getTime();

describe("parseSince", () => {
  const rows: readonly [text: string, want: number | undefined][] = [
    ["90s", now - 90_000],
    ["10m", now - 600_000],
    ["10min", now - 600_000],
    ["1.5h", now - 5_400_000],
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
